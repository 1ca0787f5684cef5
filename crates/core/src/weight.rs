//! How much a fact matters to someone who watches.

/// How much a fact matters to someone who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Bookkeeping between machines: in the trace, not in the event log.
    Detail,
    /// Something the picture shows: a step of the transport stops here, and the event log has it.
    Seen,
    /// A turn of the story: it also gets a mark on the scrubber.
    Turn(Mark),
}

/// What kind of turn it was, as the scrubber labels it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Something broke or came back: a crash, a restart, a pause, a cut.
    Fault,
    /// Who reads what changed, or is being changed.
    Rebalance,
    /// The broker removed something that a reader had not asked it to remove.
    Removal,
    /// A message was dead-lettered.
    DeadLetter,
}

impl Mark {
    /// The word on the scrubber.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Rebalance => "rebalance",
            Self::Removal => "removal",
            Self::DeadLetter => "dead letter",
        }
    }
}
