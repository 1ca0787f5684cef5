//! Field tables: the headers of a message, the arguments of queues, exchanges, bindings and
//! consumers.

use crate::map::Map;
use crate::sim::SimTime;
use std::sync::Arc;

/// A field table: values by name. Names are compared as they are written.
pub type Table = Map<Arc<str>, Field>;

/// A value in a field table. Values of different types are never equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Nothing.
    Void,
    /// True or false.
    Bool(bool),
    /// A whole number of any of the types that AMQP has for them.
    Int(i64),
    /// A number with a point: `digits` with so many of them after the point.
    Decimal {
        /// All its digits.
        digits: i64,
        /// How many of them stand after the point. As few as possible.
        places: u8,
    },
    /// Text.
    Text(Arc<str>),
    /// A list.
    List(Vec<Self>),
    /// A table.
    Table(Table),
    /// An instant.
    Time(SimTime),
}

impl Field {
    /// A number with a point, written with as few digits as possible.
    #[must_use]
    pub const fn decimal(mut digits: i64, mut places: u8) -> Self {
        while places > 0 && digits % 10 == 0 {
            digits /= 10;
            places -= 1;
        }
        Self::Decimal { digits, places }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&Arc<str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// Whether it is `true`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
