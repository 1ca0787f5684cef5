//! What there is to try.

/// The tasks of an act.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TasksView {
    pub(crate) tasks: Vec<TaskView>,
}

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TaskView {
    pub(crate) say: String,
    /// Whether it was done, in this run or in one before.
    pub(crate) is_done: bool,
}

impl TasksView {
    /// How many of them were done.
    pub(crate) fn done(&self) -> usize {
        self.tasks.iter().filter(|it| it.is_done).count()
    }
}
