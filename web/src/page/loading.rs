//! Reads a person's own data in slices, computes the run with it in slices, and only then shows
//! it: nothing is half-loaded, and the page stays awake.

use super::{Page, SLICE_EVENTS, work};
use crate::address::clock;
use crate::browser::breathe;
use crate::data::{Format, Source, header, likely};
use crate::session::{Action, Trial};
use crate::view::data::{DataView, Phase, PlaceView};
use crate::words;
use brokerscope_scenario::input::{self, Reader, Rows};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Blob;

/// How much of a file is asked of the browser at once.
const PIECE_BYTES: usize = 1 << 18;

/// How much is parsed between two looks at the clock.
const SLICE_BYTES: usize = 1 << 14;

/// How much of the beginning is looked at for the names of columns.
const HEAD_BYTES: usize = 1 << 16;

/// What was offered, and what the panel shows.
#[derive(Debug, Default)]
pub(super) struct Loading {
    source: Option<Source>,
    /// The beginning of the source.
    head: String,
    view: DataView,
}

impl Loading {
    /// What the panel shows.
    pub(super) fn view(&self, loaded: bool) -> DataView {
        DataView { loaded, ..self.view.clone() }
    }

    /// What is to be read and how, or why it cannot be.
    fn ready(&self) -> Result<(Source, input::Format), &'static str> {
        let source = match &self.source {
            Some(Source::Text(text)) if text.is_empty() => None,
            source => source.clone(),
        };
        let source = source.ok_or(words::NO_DATA)?;
        if self.view.format.part().is_some() && self.view.column.is_empty() {
            return Err(words::NO_COLUMN);
        }
        Ok((source, self.view.format.reader(&self.view.column)))
    }

    fn name_columns(&mut self) {
        self.view.columns = match self.view.format {
            Format::Lines => Vec::new(),
            Format::Csv => header(&self.head),
            Format::JsonLines => fields(&self.head),
        };
        if !self.view.columns.contains(&self.view.column) {
            self.view.column = likely(&self.view.columns);
        }
        self.view.wrong = None;
    }
}

impl Page {
    /// Takes data to be loaded when the person says so.
    pub(crate) fn offer(&self, source: Source) {
        if let Source::Text(text) = &source {
            let end = text.floor_char_boundary(HEAD_BYTES);
            self.begins_with(&text[..end]);
        } else if let Source::File(file) = &source {
            let (page, file) = (self.clone(), file.clone());
            spawn_local(async move {
                match piece(&file, 0, HEAD_BYTES).await {
                    Some(bytes) => page.begins_with(&String::from_utf8_lossy(&bytes)),
                    None => page.refuse(words::UNREADABLE.to_owned()),
                }
            });
        }
        self.0.loading.borrow_mut().source = Some(source);
    }

    fn begins_with(&self, head: &str) {
        {
            let mut loading = self.0.loading.borrow_mut();
            head.clone_into(&mut loading.head);
            loading.name_columns();
        }
        self.refresh();
    }

    /// Says how the data is written.
    pub(crate) fn set_format(&self, format: Format) {
        {
            let mut loading = self.0.loading.borrow_mut();
            loading.view.format = format;
            loading.name_columns();
        }
        self.refresh();
    }

    /// Says which part of a row is its key.
    pub(crate) fn set_column(&self, column: String) {
        self.0.loading.borrow_mut().view.column = column;
        self.refresh();
    }

    /// Asks where a key goes: changes one of the three that decide it.
    pub(crate) fn ask_place(&self, change: impl FnOnce(&mut PlaceView)) {
        {
            let place = &mut self.0.loading.borrow_mut().view.place;
            change(place);
            place.explain();
        }
        self.refresh();
    }

    /// Loads what was offered.
    pub(crate) fn load_data(&self) {
        let ready = self.0.loading.borrow().ready();
        let (source, format) = match ready {
            Ok(ready) => ready,
            Err(wrong) => return self.refuse(wrong.to_owned()),
        };
        let page = self.clone();
        spawn_local(async move {
            match page.load(source, Reader::new(format)).await {
                Ok(()) => page.act(Action::Close),
                Err(wrong) => page.refuse(wrong),
            }
        });
    }

    async fn load(&self, source: Source, reader: Reader) -> Result<(), String> {
        let rows = match source {
            Source::Text(text) => self.read_text(&text, reader).await?,
            Source::File(file) => self.read_file(&file, reader).await?,
        };
        if rows.rows.is_empty() {
            return Err(words::NO_DATA.to_owned());
        }
        breathe().await;
        let mut trial = self.0.session.borrow().trial(rows);
        while !work(|| trial.explore(SLICE_EVENTS)) {
            let told = words::exploring(&clock(trial.explored()));
            self.progress(told, trial.explored().0, trial.last_sent().0);
            breathe().await;
        }
        self.show(trial);
        Ok(())
    }

    fn show(&self, trial: Trial) {
        {
            let mut loading = self.0.loading.borrow_mut();
            loading.view.phase = Phase::Waiting;
            loading.view.wrong = None;
            loading.source = None;
        }
        self.0.session.borrow_mut().take(trial);
    }

    async fn read_text(&self, text: &str, mut reader: Reader) -> Result<Rows, String> {
        let mut read = 0;
        self.read_piece(text.as_bytes(), &mut reader, &mut read, text.len()).await?;
        reader.finish().map_err(|wrong| sentence(&wrong.to_string()))
    }

    async fn read_file(&self, file: &Blob, mut reader: Reader) -> Result<Rows, String> {
        let size = bytes_of(file);
        let mut read = 0;
        while read < size {
            let bytes = piece(file, read, PIECE_BYTES).await;
            let bytes = bytes.ok_or_else(|| words::UNREADABLE.to_owned())?;
            if bytes.is_empty() {
                return Err(words::UNREADABLE.to_owned());
            }
            self.read_piece(&bytes, &mut reader, &mut read, size).await?;
        }
        reader.finish().map_err(|wrong| sentence(&wrong.to_string()))
    }

    /// Reads one piece, with pauses for the browser.
    async fn read_piece(
        &self,
        piece: &[u8],
        reader: &mut Reader,
        read: &mut usize,
        size: usize,
    ) -> Result<(), String> {
        let mut slices = piece.chunks(SLICE_BYTES);
        loop {
            let mut wrong = None;
            let done = work(|| {
                let Some(slice) = slices.next() else { return true };
                *read += slice.len();
                wrong = reader.push(slice).err();
                wrong.is_some()
            });
            if let Some(wrong) = wrong {
                return Err(sentence(&wrong.to_string()));
            }
            self.progress(words::reading(reader.rows() as u64), *read as u64, size as u64);
            if done {
                return Ok(());
            }
            breathe().await;
        }
    }

    fn progress(&self, told: String, done: u64, of: u64) {
        self.0.loading.borrow_mut().view.phase = Phase::Working { told, done, of };
        self.refresh();
    }

    fn refuse(&self, wrong: String) {
        {
            let mut loading = self.0.loading.borrow_mut();
            loading.view.phase = Phase::Waiting;
            loading.view.wrong = Some(wrong);
        }
        self.refresh();
    }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut told = text.trim_end_matches('.').to_owned();
    if let Some(first) = told.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    told.push_str(". Nothing was loaded.");
    told
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a file's size")]
fn bytes_of(file: &Blob) -> usize {
    file.size() as usize
}

/// A piece of a file, or nothing if the browser cannot read it.
#[expect(clippy::cast_precision_loss, reason = "files are smaller than 2^53 bytes")]
async fn piece(file: &Blob, from: usize, bytes: usize) -> Option<Vec<u8>> {
    let slice = file.slice_with_f64_and_f64(from as f64, (from + bytes) as f64).ok()?;
    let buffer = JsFuture::from(slice.array_buffer()).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// The names in the first JSON object of `head`.
fn fields(head: &str) -> Vec<String> {
    let line = head.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty());
    let value = line.and_then(|line| js_sys::JSON::parse(line).ok());
    let Some(object) = value.filter(JsValue::is_object) else { return Vec::new() };
    let names = js_sys::Object::keys(object.unchecked_ref::<js_sys::Object>());
    names.iter().filter_map(|name| name.as_string()).collect()
}
