//! Brokerscope.
