//! What an application does with a record that it fails on, and with one that is not to be tried
//! yet.

use super::{Application, Doing, Effect, ProducerCall, Standing};
use crate::kafka::config::OnFailure;
use crate::kafka::fact::{Fact, Then};
use crate::kafka::passed_on::PassedOn;
use crate::kafka::{Offset, TopicPartition};
use crate::name::TopicName;
use crate::sim::SimTime;
use crate::workload::MessageId;
use std::sync::Arc;

/// A record that is on its way to another topic: it is finished once it is there.
#[derive(Clone, Debug, Hash)]
pub(super) struct Passing {
    to: TopicName,
    what: Arc<PassedOn>,
}

impl Application {
    /// Work on the first record failed. Says what follows.
    pub(super) fn failed(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        message: MessageId,
        at: (TopicPartition, Offset),
    ) -> Then {
        let (group, consumer) = (self.group.clone(), self.name.clone());
        self.tries += 1;
        let before = self.first().and_then(|(it, _)| it.passed_on()).cloned();
        let attempts = self.tries + before.as_ref().map_or(0, |it| it.attempts);
        let is_last = attempts >= self.passes_on.as_ref().map_or(1, |it| it.attempts);
        let then = match self.on_failure {
            OnFailure::Retry => Then::Retry,
            OnFailure::DeadLetter if !is_last => Then::Retry,
            OnFailure::Skip => Then::Skip,
            OnFailure::RetryTopic | OnFailure::DeadLetter => Then::PassOn,
        };
        fx.push(Effect::Note(Fact::Failed { group, consumer, message, then }));
        if then == Then::PassOn {
            let (origin, offset) = before.map_or(at, |it| (it.origin.clone(), it.offset));
            let passes_on = self.passes_on.clone().unwrap_or_default();
            let (to, not_before) = if is_last {
                (passes_on.dead_letter_topic(&origin.topic), None)
            } else {
                (passes_on.retry_topic(&origin.topic), Some(now + passes_on.delay))
            };
            let what = Arc::new(PassedOn { message, origin, offset, attempts, not_before });
            for call in [
                ProducerCall::PassOn(to.clone(), what.clone()),
                ProducerCall::Flush,
                ProducerCall::EndOfBlock,
            ] {
                fx.push(Effect::Produce(call));
            }
            self.passing = Some(Passing { to, what });
            self.doing = Doing::Producing;
        }
        then
    }

    /// The record that it passes on is there, or it could not be sent: then it is tried again.
    pub(super) fn passed(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        passing: Passing,
        result: Result<(), &'static str>,
    ) {
        self.doing = Doing::Polling;
        let mut goes_on = true;
        if result.is_ok() {
            let (record, partition) = self.first().expect("what it passes on it holds");
            let (offset, partition) = (record.offset, partition.clone());
            let (group, consumer) = (self.group.clone(), self.name.clone());
            let Passing { to, what } = passing;
            fx.push(Effect::Note(Fact::PassedOn {
                group,
                consumer,
                partition: partition.clone(),
                offset,
                to,
                what,
            }));
            goes_on = self.leave_behind(fx, partition, offset);
        }
        if goes_on && self.standing == Standing::No {
            self.go_on(fx, now);
        }
    }

    /// Puts aside what it holds and is not to try yet: it seeks back to it, and takes no more of
    /// that partition until then. What it holds of others goes on.
    ///
    /// Source: Spring's `KafkaBackoffAwareMessageListenerAdapter` and
    /// `ContainerPartitionPausingBackOffManager`.
    pub(super) fn put_aside(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        while let Some((record, partition)) = self.first()
            && let Some(passed_on) = record.passed_on()
            && let Some(until) = passed_on.not_before.filter(|it| now < *it)
        {
            let (message, offset) = (passed_on.message, record.offset);
            let partition = partition.clone();
            let (group, consumer) = (self.group.clone(), self.name.clone());
            fx.extend([
                Effect::GiveBack(partition.clone(), offset),
                Effect::Rest(partition.clone(), true),
                Effect::Note(Fact::PutAside { group, consumer, message, until }),
            ]);
            self.held.pop_front();
            self.place = 0;
            self.aside.push((until, partition));
        }
    }

    /// What it had put aside may be tried now.
    pub(super) fn take_up(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.aside.retain(|(until, partition)| {
            let is_due = *until <= now;
            if is_due {
                fx.push(Effect::Rest(partition.clone(), false));
            }
            !is_due
        });
    }
}
