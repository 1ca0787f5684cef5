//! Where a producer stands with its transactions, in words.

use crate::words::{counted, joined};
use brokerscope_core::kafka::snapshot::{Marker, ProducerTransaction, TransactionStage};

/// `transaction open`.
pub(crate) fn stage_words(stage: TransactionStage) -> &'static str {
    match stage {
        TransactionStage::Uninitialized => "not initialized",
        TransactionStage::Initializing => "initializes",
        TransactionStage::Ready => "no transaction open",
        TransactionStage::Open => "transaction open",
        TransactionStage::Ending(Marker::Commit) => "commits its transaction",
        TransactionStage::Ending(Marker::Abort) => "aborts its transaction",
        TransactionStage::Abortable(_) => "has to abort",
        TransactionStage::Fatal(_) => "can do nothing more",
    }
}

/// `transaction open, 2 records`, with the error if there was one.
pub(crate) fn transaction_words(it: &ProducerTransaction) -> String {
    let said = stage_words(it.stage);
    match it.stage {
        TransactionStage::Uninitialized
        | TransactionStage::Initializing
        | TransactionStage::Ready => said.to_owned(),
        TransactionStage::Open | TransactionStage::Ending(_) => {
            joined(&[said, ", ", &counted(it.records, "record", "records")])
        }
        TransactionStage::Abortable(why) | TransactionStage::Fatal(why) => {
            joined(&[said, ": ", why])
        }
    }
}
