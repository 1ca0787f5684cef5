//! The address bar says where the page is, a moment after it has come to rest there.

use super::Page;
use crate::browser;
use gloo_timers::callback::Timeout;

/// Browsers refuse addresses that change too often.
const REST_MS: u32 = 300;

impl Page {
    /// Writes the address once nothing has changed for a moment.
    pub(super) fn write_address(&self) {
        let page = self.clone();
        let write = Timeout::new(REST_MS, move || {
            page.0.address.take();
            let query = page.0.session.borrow().query();
            browser::replace_query(&query);
        });
        // The one that waited before is called off as it is dropped.
        self.0.address.replace(Some(write));
    }
}
