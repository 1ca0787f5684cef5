//! What the keyboard does. Handled only while the focus is inside, and never while a person types.

use crate::session::{Action, Leap};

/// What has the focus while a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// Something that takes text, a list to choose from: every key is its own.
    Typing,
    /// Something that a space or the enter key presses.
    Button,
    /// Anything else, the scrubber included.
    Else,
}

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Press<'a> {
    /// As the browser names it.
    pub(crate) key: &'a str,
    /// With shift.
    pub(crate) shift: bool,
    /// With any key that makes it the browser's or the system's: control, alt, meta.
    pub(crate) foreign: bool,
}

/// What a key asks for, if it is one of ours.
pub(crate) fn wanted(press: Press<'_>, focus: Focus) -> Option<Action> {
    if press.foreign || focus == Focus::Typing {
        return None;
    }
    match (press.key, press.shift) {
        (" " | "k", _) if focus == Focus::Else || press.key == "k" => Some(Action::TogglePlay),
        ("ArrowRight", false) => Some(Action::Step),
        ("ArrowLeft", false) => Some(Action::StepBack),
        ("ArrowRight", true) => Some(Action::Jump(Leap::On)),
        ("ArrowLeft", true) => Some(Action::Jump(Leap::Back)),
        ("Home", _) => Some(Action::Restart),
        ("End", _) => Some(Action::ToEnd),
        ("+" | "=", _) => Some(Action::Faster),
        ("-" | "−", _) => Some(Action::Slower),
        ("?", _) => Some(Action::Help),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, shift: bool, focus: Focus, expected: Option<Action>) {
        assert_eq!(wanted(Press { key, shift, foreign: false }, focus), expected, "{key}");
    }

    #[test]
    fn keys_do_what_the_help_says() {
        check(" ", false, Focus::Else, Some(Action::TogglePlay));
        check("ArrowRight", false, Focus::Button, Some(Action::Step));
        check("ArrowLeft", true, Focus::Else, Some(Action::Jump(Leap::Back)));
        check("End", false, Focus::Else, Some(Action::ToEnd));
        check("?", true, Focus::Else, Some(Action::Help));
    }

    #[test]
    fn no_key_is_stolen() {
        check(" ", false, Focus::Button, None);
        for key in [" ", "ArrowLeft", "Home", "+", "?", "k"] {
            check(key, false, Focus::Typing, None);
        }
        let press = Press { key: "ArrowLeft", shift: false, foreign: true };
        assert_eq!(wanted(press, Focus::Else), None, "alt and left is the browser's");
    }
}
