//! The signs on buttons, drawn in a square of 20.

use yew::prelude::*;

/// A sign on a button. What it means is said beside it, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    /// From the beginning.
    Restart,
    /// One step back.
    Back,
    /// Play.
    Play,
    /// Pause.
    Pause,
    /// One step on.
    Step,
    /// Light, dark or as the system has it.
    ThemeAuto,
    /// Light.
    ThemeLight,
    /// Dark.
    ThemeDark,
    /// Help.
    Help,
    /// Close.
    Close,
    /// Add.
    Add,
    /// Rows of data.
    Rows,
    /// Settings.
    Settings,
    /// Done.
    Done,
}

impl Icon {
    /// What is filled and what is only drawn.
    const fn strokes(self) -> (&'static str, &'static str) {
        match self {
            Self::Restart => ("", "M4 10a6 6 0 1 0 2-4.5M4 3v4h4"),
            Self::Back => ("M5 4h2v12H5zM16 4v12L8 10z", ""),
            Self::Play => ("M6 3.5v13l11-6.5z", ""),
            Self::Pause => ("M5 4h3.5v12H5zM11.5 4H15v12h-3.5z", ""),
            Self::Step => ("M13 4h2v12h-2zM4 4v12l8-6z", ""),
            Self::ThemeAuto => ("M10 3a7 7 0 0 1 0 14z", "M10 3a7 7 0 0 1 0 14 7 7 0 0 1 0-14z"),
            Self::ThemeLight => (
                "M10 6.5a3.5 3.5 0 0 1 0 7 3.5 3.5 0 0 1 0-7z",
                "M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1 1M14.7 14.7l1 1M4.3 15.7l1-1\
                 M14.7 5.3l1-1",
            ),
            Self::ThemeDark => ("M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z", ""),
            Self::Help => ("", "M7.5 7.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M10 14.6v.1"),
            Self::Close => ("", "M5 5l10 10M15 5L5 15"),
            Self::Rows => ("", "M4 5h12M4 10h12M4 15h7"),
            Self::Settings => (
                "M13 4.5a2 2 0 1 1 0 3 2 2 0 0 1 0-3zM7 12.5a2 2 0 1 1 0 3 2 2 0 0 1 0-3z",
                "M3 6h9M16 6h1M3 14h4M11 14h6",
            ),
            Self::Done => ("", "M4 10.5l4 4 8-9"),
            Self::Add => ("", "M10 4v12M4 10h12"),
        }
    }

    /// Draws it.
    pub(crate) fn html(self) -> Html {
        let (filled, drawn) = self.strokes();
        html! {
            <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
                <path d={filled} fill="currentColor" />
                <path d={drawn} fill="none" stroke="currentColor" stroke-width="1.8"
                    stroke-linecap="round" stroke-linejoin="round" />
            </svg>
        }
    }
}
