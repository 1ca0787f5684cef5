//! Paints a picture on a canvas. Knows the display list and nothing of brokers.
//!
//! No string crosses into JavaScript for a second time: colours, fonts and texts are kept there
//! once they have been used, and the context is told only what differs from before.

use brokerscope_stage::item::{
    Anchor, Dash, Glyph, Item, Path, Rect, Shape, Size, Step, Stroke, Text, Weight,
};
use brokerscope_stage::unit::{Len, Point};
use brokerscope_stage::{Palette, Picture, Tone};
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;

/// How many texts are kept at most before all are forgotten: a picture has a few hundred.
const MOST_TEXTS: usize = 4_096;

/// More device pixels than this are not worth their time: the picture gets less sharp instead.
const MOST_PIXELS: f64 = 8_000_000.0;

/// The fonts of the style sheet.
const FAMILY: &str = "system-ui, \"Segoe UI\", Roboto, \"Noto Sans\", sans-serif";

// The part of the 2D context that is needed, with values kept in JavaScript where web-sys would
// have strings copied over at every call.
#[wasm_bindgen]
extern "C" {
    #[derive(Clone, Debug)]
    type Context;

    #[wasm_bindgen(method, setter, js_name = fillStyle)]
    fn set_fill(this: &Context, colour: &JsValue);
    #[wasm_bindgen(method, setter, js_name = strokeStyle)]
    fn set_stroke(this: &Context, colour: &JsValue);
    #[wasm_bindgen(method, setter, js_name = font)]
    fn set_font(this: &Context, font: &JsValue);
    #[wasm_bindgen(method, setter, js_name = textAlign)]
    fn set_text_align(this: &Context, align: &JsValue);
    #[wasm_bindgen(method, setter, js_name = globalAlpha)]
    fn set_alpha(this: &Context, alpha: f64);
    #[wasm_bindgen(method, setter, js_name = lineWidth)]
    fn set_line_width(this: &Context, width: f64);
    #[wasm_bindgen(method, setter, js_name = lineCap)]
    fn set_line_cap(this: &Context, cap: &str);
    #[wasm_bindgen(method, setter, js_name = lineJoin)]
    fn set_line_join(this: &Context, join: &str);
    #[wasm_bindgen(method, js_name = setLineDash)]
    fn set_line_dash(this: &Context, lengths: &js_sys::Array);
    #[wasm_bindgen(method, js_name = setTransform)]
    fn set_transform(this: &Context, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64);
    #[wasm_bindgen(method, js_name = fillRect)]
    fn fill_rect(this: &Context, x: f64, y: f64, width: f64, height: f64);
    #[wasm_bindgen(method, js_name = strokeRect)]
    fn stroke_rect(this: &Context, x: f64, y: f64, width: f64, height: f64);
    #[wasm_bindgen(method, js_name = beginPath)]
    fn begin_path(this: &Context);
    #[wasm_bindgen(method, js_name = roundRect)]
    fn round_rect(this: &Context, x: f64, y: f64, width: f64, height: f64, radius: f64);
    #[wasm_bindgen(method, js_name = moveTo)]
    fn move_to(this: &Context, x: f64, y: f64);
    #[wasm_bindgen(method, js_name = lineTo)]
    fn line_to(this: &Context, x: f64, y: f64);
    #[wasm_bindgen(method, js_name = quadraticCurveTo)]
    fn quad_to(this: &Context, cx: f64, cy: f64, x: f64, y: f64);
    #[wasm_bindgen(method, js_name = bezierCurveTo)]
    fn cubic_to(this: &Context, ax: f64, ay: f64, bx: f64, by: f64, x: f64, y: f64);
    #[wasm_bindgen(method, js_name = arc)]
    fn arc(this: &Context, x: f64, y: f64, radius: f64, from: f64, to: f64);
    #[wasm_bindgen(method, js_name = closePath)]
    fn close_path(this: &Context);
    #[wasm_bindgen(method)]
    fn fill(this: &Context);
    #[wasm_bindgen(method)]
    fn stroke(this: &Context);
    #[wasm_bindgen(method, js_name = fillText)]
    fn fill_text(this: &Context, text: &JsValue, x: f64, y: f64);
}

/// Which colours to paint with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// The few colours that the person's system allows.
    Forced,
}

/// What the context was told last. Nothing: it has to be told.
#[derive(Debug, Default)]
struct Told {
    fill: Option<usize>,
    stroke: Option<usize>,
    width: Option<Len>,
    dash: Option<Dash>,
    alpha: Option<u8>,
    font: Option<(Size, Weight)>,
    anchor: Option<Anchor>,
}

/// Paints pictures on one canvas.
#[derive(Debug)]
pub(crate) struct Painter {
    canvas: HtmlCanvasElement,
    context: Context,
    look: Look,
    /// By [`Tone::index`].
    colours: Vec<JsValue>,
    /// Those that have been used; there are ten at most.
    fonts: Vec<((Size, Weight), JsValue)>,
    aligns: [JsValue; 3],
    dashes: [js_sys::Array; 3],
    texts: BTreeMap<String, JsValue>,
    told: Told,
}

impl Painter {
    /// A painter for `canvas`, or nothing if the browser cannot paint.
    pub(crate) fn new(canvas: HtmlCanvasElement, look: Look) -> Option<Self> {
        let context: Context = canvas.get_context("2d").ok().flatten()?.unchecked_into();
        let dash = |dash: Dash| {
            let lengths = dash.lengths().map(|(on, off)| [pixels(on), pixels(off)]);
            lengths.into_iter().flatten().map(JsValue::from_f64).collect()
        };
        Some(Self {
            canvas,
            context,
            look,
            colours: colours(look),
            fonts: Vec::new(),
            aligns: ["left", "center", "right"].map(JsValue::from_str),
            dashes: [Dash::Solid, Dash::Dashed, Dash::Dotted].map(dash),
            texts: BTreeMap::new(),
            told: Told::default(),
        })
    }

    /// The canvas it paints on.
    pub(crate) fn canvas(&self) -> &HtmlCanvasElement {
        &self.canvas
    }

    /// Takes other colours from now on.
    pub(crate) fn set_look(&mut self, look: Look) {
        if self.look != look {
            self.look = look;
            self.colours = colours(look);
        }
    }

    /// Paints `picture` with `density` device pixels a pixel.
    pub(crate) fn paint(&mut self, picture: &Picture, density: f64) {
        let (width, height) = (f64::from(picture.width_px), f64::from(picture.height_px));
        let density = density.min((MOST_PIXELS / (width * height).max(1.0)).sqrt());
        self.fit(width, height, density);
        self.told = Told::default();
        if self.texts.len() > MOST_TEXTS {
            self.texts.clear();
        }
        self.context.set_transform(density, 0.0, 0.0, density, 0.0, 0.0);
        self.context.set_line_cap("round");
        self.context.set_line_join("round");
        self.fill_with(Tone::Surface, 100);
        self.context.fill_rect(0.0, 0.0, width, height);
        for item in &picture.items {
            match item {
                Item::Rect(rect) => self.rect(rect),
                Item::Path(path) => self.path(path),
                Item::Text(text) => self.text(text),
                Item::Glyph(glyph) => self.glyph(glyph),
            }
        }
    }

    /// Gives the canvas as many pixels as the picture needs. Its height on the page follows the
    /// picture; its width is the style sheet's.
    fn fit(&self, width: f64, height: f64, density: f64) {
        let (wide, high) = (whole(width * density), whole(height * density));
        if (self.canvas.width(), self.canvas.height()) == (wide, high) {
            return;
        }
        self.canvas.set_width(wide);
        self.canvas.set_height(high);
        let height = format!("{}px", whole(height));
        let style: web_sys::HtmlElement = self.canvas.clone().unchecked_into();
        // A refused style leaves the picture stretched, not wrong.
        drop(style.style().set_property("height", &height));
    }

    fn rect(&mut self, rect: &Rect) {
        let area = rect.area;
        let [x, y, width, height] = [area.x, area.y, area.width, area.height].map(pixels);
        let square = rect.radius == Len::ZERO;
        if !square {
            self.context.begin_path();
            self.context.round_rect(x, y, width, height, pixels(rect.radius));
        }
        if let Some(tone) = rect.fill {
            self.fill_with(tone, rect.alpha);
            if square {
                self.context.fill_rect(x, y, width, height);
            } else {
                self.context.fill();
            }
        }
        if let Some(stroke) = rect.stroke {
            self.stroke_with(stroke, rect.alpha);
            if square {
                self.context.stroke_rect(x, y, width, height);
            } else {
                self.context.stroke();
            }
        }
    }

    fn path(&mut self, path: &Path) {
        self.trace(&path.steps);
        if let Some(tone) = path.fill {
            self.fill_with(tone, path.alpha);
            self.context.fill();
        }
        if let Some(stroke) = path.stroke {
            self.stroke_with(stroke, path.alpha);
            self.context.stroke();
        }
    }

    fn glyph(&mut self, glyph: &Glyph) {
        if glyph.shape == Shape::Circle {
            let turn = std::f64::consts::TAU;
            self.context.begin_path();
            self.context.arc(
                pixels(glyph.at.x),
                pixels(glyph.at.y),
                pixels(glyph.reach),
                0.0,
                turn,
            );
        } else {
            self.trace(&glyph.shape.outline(glyph.at, glyph.reach));
        }
        self.fill_with(glyph.tone, 100);
        self.context.fill();
    }

    fn trace(&self, steps: &[Step]) {
        let place = |at: Point| (pixels(at.x), pixels(at.y));
        self.context.begin_path();
        for step in steps {
            match *step {
                Step::Move(to) => {
                    let (x, y) = place(to);
                    self.context.move_to(x, y);
                }
                Step::Line(to) => {
                    let (x, y) = place(to);
                    self.context.line_to(x, y);
                }
                Step::Quad(control, to) => {
                    let ((cx, cy), (x, y)) = (place(control), place(to));
                    self.context.quad_to(cx, cy, x, y);
                }
                Step::Cubic(first, second, to) => {
                    let ((ax, ay), (bx, by)) = (place(first), place(second));
                    let (x, y) = place(to);
                    self.context.cubic_to(ax, ay, bx, by, x, y);
                }
                Step::Close => self.context.close_path(),
            }
        }
    }

    fn text(&mut self, text: &Text) {
        self.fill_with(text.tone, 100);
        let font = (text.size, text.weight);
        if self.told.font != Some(font) {
            self.told.font = Some(font);
            match self.fonts.iter().find(|(known, _)| *known == font) {
                Some((_, kept)) => self.context.set_font(kept),
                None => {
                    let (heavy, px) = (text.weight.css(), text.size.px());
                    let css = JsValue::from_str(&format!("{heavy} {px}px {FAMILY}"));
                    self.context.set_font(&css);
                    self.fonts.push((font, css));
                }
            }
        }
        if self.told.anchor != Some(text.anchor) {
            self.told.anchor = Some(text.anchor);
            let align = match text.anchor {
                Anchor::Start => &self.aligns[0],
                Anchor::Middle => &self.aligns[1],
                Anchor::End => &self.aligns[2],
            };
            self.context.set_text_align(align);
        }
        let (x, y) = (pixels(text.at.x), pixels(text.at.y));
        if let Some(kept) = self.texts.get(&text.content) {
            self.context.fill_text(kept, x, y);
        } else {
            let content = JsValue::from_str(&text.content);
            self.context.fill_text(&content, x, y);
            self.texts.insert(text.content.clone(), content);
        }
    }

    fn fill_with(&mut self, tone: Tone, alpha: u8) {
        self.be_opaque(alpha);
        if self.told.fill != Some(tone.index()) {
            self.told.fill = Some(tone.index());
            self.context.set_fill(&self.colours[tone.index()]);
        }
    }

    fn stroke_with(&mut self, stroke: Stroke, alpha: u8) {
        self.be_opaque(alpha);
        if self.told.stroke != Some(stroke.tone.index()) {
            self.told.stroke = Some(stroke.tone.index());
            self.context.set_stroke(&self.colours[stroke.tone.index()]);
        }
        if self.told.width != Some(stroke.width) {
            self.told.width = Some(stroke.width);
            self.context.set_line_width(pixels(stroke.width));
        }
        if self.told.dash != Some(stroke.dash) {
            self.told.dash = Some(stroke.dash);
            let lengths = match stroke.dash {
                Dash::Solid => &self.dashes[0],
                Dash::Dashed => &self.dashes[1],
                Dash::Dotted => &self.dashes[2],
            };
            self.context.set_line_dash(lengths);
        }
    }

    fn be_opaque(&mut self, alpha: u8) {
        if self.told.alpha != Some(alpha) {
            self.told.alpha = Some(alpha);
            self.context.set_alpha(f64::from(alpha) / 100.0);
        }
    }
}

/// A length as the canvas takes it.
fn pixels(length: Len) -> f64 {
    f64::from(length.0) / 10.0
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of a canvas")]
fn whole(size: f64) -> u32 {
    size.round() as u32
}

/// The colour of each tone, by its index.
fn colours(look: Look) -> Vec<JsValue> {
    let tones = Tone::all();
    tones
        .into_iter()
        .map(|tone| match look {
            Look::Light => JsValue::from_str(&Palette::LIGHT.colour(tone).css()),
            Look::Dark => JsValue::from_str(&Palette::DARK.colour(tone).css()),
            Look::Forced => JsValue::from_str(forced(tone)),
        })
        .collect()
}

/// The system colour that comes nearest to a tone's meaning.
fn forced(tone: Tone) -> &'static str {
    match tone {
        Tone::Surface
        | Tone::Sunk
        | Tone::KafkaSoft
        | Tone::RabbitSoft
        | Tone::BadSoft
        | Tone::Key(_)
        | Tone::KeySoft(_) => "Canvas",
        Tone::Line => "GrayText",
        Tone::Focus => "Highlight",
        Tone::Text
        | Tone::Muted
        | Tone::Kafka
        | Tone::Rabbit
        | Tone::Bad
        | Tone::KeyEdge(_)
        | Tone::OnKey(_) => "CanvasText",
    }
}
