//! The same picture as one standalone SVG file: for export, print, pages without scripts.

use crate::item::{Anchor, Dash, Item, Step, Stroke, Text};
use crate::scene::Picture;
use crate::tone::{Palette, Tone};
use crate::unit::{Len, Point};
use crate::words::joined;

/// The fonts of a text: the reader's own. With tabular figures, so that columns stand.
pub const FONT: &str = "system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif";

/// The picture as a standalone SVG document, with a title and a description for those who hear it.
#[must_use]
pub fn write(picture: &Picture, palette: &Palette, title: &str, description: &str) -> String {
    let mut out = Writer { text: String::new(), palette };
    let (width, height) = (px_text(picture.width_px), px_text(picture.height_px));
    out.add("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
    out.add(" aria-labelledby=\"title description\" viewBox=\"0 0 ");
    out.add(&joined(&[&width, " ", &height, "\" width=\"", &width, "\" height=\"", &height]));
    out.add("\" font-family=\"");
    out.add(FONT);
    out.add("\" style=\"font-variant-numeric:tabular-nums\">\n<title id=\"title\">");
    out.escaped(title);
    out.add("</title>\n<desc id=\"description\">");
    out.escaped(description);
    out.add("</desc>\n<rect width=\"100%\" height=\"100%\"");
    out.paint("fill", Some(Tone::Surface));
    out.add("/>\n");
    for item in &picture.items {
        out.item(item);
    }
    out.add("</svg>\n");
    out.text
}

fn px_text(pixels: i32) -> String {
    pixels.to_string()
}

struct Writer<'a> {
    text: String,
    palette: &'a Palette,
}

impl Writer<'_> {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Text from anywhere, as text. What XML cannot hold at all is shown as a replacement.
    fn escaped(&mut self, text: &str) {
        for glyph in text.chars() {
            match glyph {
                '&' => self.add("&amp;"),
                '<' => self.add("&lt;"),
                '>' => self.add("&gt;"),
                '"' => self.add("&quot;"),
                '\t' | '\n' | '\r' => self.text.push(' '),
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.text.push('\u{fffd}'),
                _ => self.text.push(glyph),
            }
        }
    }

    /// A length in pixels: `12`, `12.5`.
    fn length(&mut self, length: Len) {
        let tenths = length.0.unsigned_abs();
        if length.0 < 0 {
            self.text.push('-');
        }
        self.text.push_str(&(tenths / 10).to_string());
        if !tenths.is_multiple_of(10) {
            self.text.push('.');
            self.text.push_str(&(tenths % 10).to_string());
        }
    }

    fn attribute(&mut self, name: &str, length: Len) {
        self.add(" ");
        self.add(name);
        self.add("=\"");
        self.length(length);
        self.add("\"");
    }

    fn paint(&mut self, name: &str, tone: Option<Tone>) {
        let colour = tone.map(|it| self.palette.colour(it).css());
        self.add(" ");
        self.add(name);
        self.add("=\"");
        self.add(colour.as_deref().unwrap_or("none"));
        self.add("\"");
    }

    fn stroke(&mut self, stroke: Option<Stroke>) {
        let Some(Stroke { tone, width, dash }) = stroke else { return };
        self.paint("stroke", Some(tone));
        self.attribute("stroke-width", width);
        if let Some((dash, gap)) = dash.lengths() {
            self.add(" stroke-dasharray=\"");
            self.length(dash);
            self.add(" ");
            self.length(gap);
            self.add("\"");
        }
        if dash != Dash::Dashed {
            self.add(" stroke-linecap=\"round\"");
        }
    }

    fn alpha(&mut self, percent: u8) {
        if percent < 100 {
            self.add(" opacity=\".");
            self.text.push(char::from(b'0' + percent / 10));
            self.text.push(char::from(b'0' + percent % 10));
            self.add("\"");
        }
    }

    fn point(&mut self, letter: char, points: &[Point]) {
        self.text.push(letter);
        for (place, point) in points.iter().enumerate() {
            if place != 0 {
                self.add(" ");
            }
            self.length(point.x);
            self.add(" ");
            self.length(point.y);
        }
    }

    fn path_data(&mut self, steps: &[Step]) {
        self.add(" d=\"");
        for step in steps {
            match *step {
                Step::Move(to) => self.point('M', &[to]),
                Step::Line(to) => self.point('L', &[to]),
                Step::Quad(by, to) => self.point('Q', &[by, to]),
                Step::Cubic(by, and, to) => self.point('C', &[by, and, to]),
                Step::Close => self.text.push('Z'),
            }
        }
        self.add("\"");
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Rect(rect) => {
                self.add("<rect");
                self.attribute("x", rect.area.x);
                self.attribute("y", rect.area.y);
                self.attribute("width", rect.area.width);
                self.attribute("height", rect.area.height);
                if rect.radius != Len::ZERO {
                    self.attribute("rx", rect.radius);
                }
                self.paint("fill", rect.fill);
                self.stroke(rect.stroke);
                self.alpha(rect.alpha);
                self.add("/>\n");
            }
            Item::Path(path) => {
                self.add("<path");
                self.path_data(&path.steps);
                self.paint("fill", path.fill);
                self.stroke(path.stroke);
                self.alpha(path.alpha);
                self.add("/>\n");
            }
            Item::Text(text) => self.line(text),
            Item::Glyph(glyph) => {
                self.add("<path");
                self.path_data(&glyph.shape.outline(glyph.at, glyph.reach));
                self.paint("fill", Some(glyph.tone));
                self.add("/>\n");
            }
        }
    }

    fn line(&mut self, text: &Text) {
        self.add("<text");
        self.attribute("x", text.at.x);
        self.attribute("y", text.at.y);
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.add(" text-anchor=\"middle\""),
            Anchor::End => self.add(" text-anchor=\"end\""),
        }
        self.add(" font-size=\"");
        self.add(&px_text(text.size.px()));
        self.add("\" font-weight=\"");
        self.add(&px_text(text.weight.css()));
        self.add("\"");
        self.paint("fill", Some(text.tone));
        self.add(">");
        self.escaped(&text.content);
        self.add("</text>\n");
    }
}
