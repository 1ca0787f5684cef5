//! Who gives next and who takes next, while a topic is dealt out or balanced.

/// The subscribers of a topic by their load. A low range takes and grows upwards, a high range
/// gives and grows downwards; each hands out its members one by one and then changes its level.
///
/// Source: `UniformHeterogeneousAssignmentBuilder.MemberAssignmentBalancer`.
#[derive(Debug)]
pub(super) struct Balancer {
    /// Least loaded first, as it was at the beginning.
    members: Vec<usize>,
    /// Takers are those before this place.
    low_end: usize,
    /// What takers had before their present turn.
    low_level: i32,
    /// Whose turn it is to take.
    taker: usize,
    /// Givers are those from here on, up to the place after the last.
    high_start: usize,
    high_end: usize,
    /// What givers had before their present turn.
    high_level: i32,
    /// The place after that of whose turn it is to give.
    giver_end: usize,
}

impl Balancer {
    /// For these members, who are at least one, with the loads of all.
    pub(super) fn new(subscribers: &[usize], loads: &[i32]) -> Self {
        let mut members = subscribers.to_vec();
        crate::map::sort_by_key(&mut members, |it| (loads[*it], *it));
        let load = |it: Option<&usize>| it.map_or(0, |member| loads[*member]);
        Self {
            low_end: 0,
            low_level: load(members.first()) - 1,
            taker: 0,
            high_start: members.len(),
            high_end: members.len(),
            high_level: load(members.last()) + 1,
            giver_end: members.len(),
            members,
        }
    }

    /// Who takes the next partition.
    pub(super) fn next_taker(&mut self, loads: &[i32]) -> usize {
        if self.low_end <= self.taker {
            self.low_level += 1;
            let above = self.members[self.low_end..].iter();
            self.low_end += above.take_while(|it| loads[**it] == self.low_level).count();
            self.taker = 0;
        }
        self.taker += 1;
        self.members[self.taker - 1]
    }

    /// Who gives up a partition next: the most loaded of those who have any. None if nobody has.
    pub(super) fn next_giver(
        &mut self,
        loads: &[i32],
        has_any: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        loop {
            if self.giver_end <= self.high_start {
                self.lower_high_range(loads);
            }
            self.giver_end = self.giver_end.checked_sub(1)?;
            let giver = self.members[self.giver_end];
            if has_any(giver) {
                return Some(giver);
            }
            self.high_end -= 1;
            self.members.swap(self.giver_end, self.high_end);
        }
    }

    fn lower_high_range(&mut self, loads: &[i32]) {
        let is_empty = self.high_end <= self.high_start;
        match self.members[..self.high_start].last() {
            Some(next) if is_empty => self.high_level = loads[*next],
            _ => self.high_level -= 1,
        }
        let below = self.members[..self.high_start].iter().rev();
        self.high_start -= below.take_while(|it| loads[**it] == self.high_level).count();
        self.giver_end = self.high_end;
    }

    /// Whether another move would gain nothing.
    pub(super) const fn is_balanced(&self) -> bool {
        self.high_level - self.low_level <= 1
    }
}
