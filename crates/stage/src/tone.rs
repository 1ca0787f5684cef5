//! Tones are meanings; a palette says which colour a meaning has.
//!
//! The page's canvas painter, its style sheet and the SVG writer all use the two palettes here.

/// How many distinct key colours there are; more keys use them again with other glyphs.
pub const KEY_COLOURS: u8 = 7;

/// The place in the palette of messages that have no key.
pub const NO_KEY: u8 = KEY_COLOURS;

/// How many places the palette has for keys: the colours, and the one of keyless messages.
const KEYS: usize = NO_KEY as usize + 1;

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// The ground of the picture, and of cards.
    Surface,
    /// Where messages lie: a log, a queue.
    Sunk,
    /// Hairlines and borders that carry no meaning of their own.
    Line,
    /// What is said.
    Text,
    /// What is said beside it.
    Muted,
    /// Kafka: its name, its bookmarks, its lines.
    Kafka,
    /// A ground for what Kafka keeps.
    KafkaSoft,
    /// RabbitMQ: its name and its lines.
    Rabbit,
    /// A ground for what RabbitMQ keeps.
    RabbitSoft,
    /// What went wrong.
    Bad,
    /// A ground for what went wrong.
    BadSoft,
    /// What is chosen.
    Focus,
    /// A message's colour, by its key.
    Key(u8),
    /// The edge of a message of that colour; also its glyph where it is faded or outlined.
    KeyEdge(u8),
    /// The ground of a faded message of that colour.
    KeySoft(u8),
    /// What is written on that colour.
    OnKey(u8),
}

impl Tone {
    /// Every tone there is, in the order of [`Tone::index`].
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = PLAIN.map(|(tone, _)| tone).to_vec();
        for make in [Self::Key, Self::KeyEdge, Self::KeySoft, Self::OnKey] {
            all.extend((0..=NO_KEY).map(make));
        }
        all
    }

    /// Its place in a [`Palette`].
    #[must_use]
    pub fn index(self) -> usize {
        let plain = PLAIN.len();
        let key = |group: usize, key: u8| plain + group * KEYS + usize::from(key.min(NO_KEY));
        match self {
            Self::Surface => 0,
            Self::Sunk => 1,
            Self::Line => 2,
            Self::Text => 3,
            Self::Muted => 4,
            Self::Kafka => 5,
            Self::KafkaSoft => 6,
            Self::Rabbit => 7,
            Self::RabbitSoft => 8,
            Self::Bad => 9,
            Self::BadSoft => 10,
            Self::Focus => 11,
            Self::Key(n) => key(0, n),
            Self::KeyEdge(n) => key(1, n),
            Self::KeySoft(n) => key(2, n),
            Self::OnKey(n) => key(3, n),
        }
    }

    /// What a style sheet calls it: `kafka-soft`, `key-3`, `on-key-3`.
    #[must_use]
    pub fn name(self) -> String {
        let (word, key) = match self {
            Self::Key(n) => ("key", n),
            Self::KeyEdge(n) => ("key-edge", n),
            Self::KeySoft(n) => ("key-soft", n),
            Self::OnKey(n) => ("on-key", n),
            Self::Surface
            | Self::Sunk
            | Self::Line
            | Self::Text
            | Self::Muted
            | Self::Kafka
            | Self::KafkaSoft
            | Self::Rabbit
            | Self::RabbitSoft
            | Self::Bad
            | Self::BadSoft
            | Self::Focus => return PLAIN[self.index()].1.to_owned(),
        };
        format!("{word}-{key}")
    }
}

/// The tones that are not a key's, with their names.
const PLAIN: [(Tone, &str); 12] = [
    (Tone::Surface, "surface"),
    (Tone::Sunk, "sunk"),
    (Tone::Line, "line"),
    (Tone::Text, "text"),
    (Tone::Muted, "muted"),
    (Tone::Kafka, "kafka"),
    (Tone::KafkaSoft, "kafka-soft"),
    (Tone::Rabbit, "rabbit"),
    (Tone::RabbitSoft, "rabbit-soft"),
    (Tone::Bad, "bad"),
    (Tone::BadSoft, "bad-soft"),
    (Tone::Focus, "focus"),
];

/// A colour: red, green and blue, one byte each, as in `0xE69F00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u32);

impl Rgb {
    /// As CSS and SVG write it: `#e69f00`.
    #[must_use]
    pub fn css(self) -> String {
        let digits = b"0123456789abcdef";
        let digit = |place: u32| char::from(digits[(self.0 >> (4 * place)) as usize & 15]);
        let mut text = String::from("#");
        text.extend((0..6).rev().map(digit));
        text
    }

    const fn byte(self, place: u32) -> u32 {
        (self.0 >> (8 * place)) & 255
    }

    /// This colour with `percent` of `other` in it.
    const fn mixed(self, other: Self, percent: u32) -> Self {
        let mut mixed = 0;
        let mut place = 0;
        while place < 3 {
            let sum = self.byte(place) * (100 - percent) + other.byte(place) * percent;
            mixed |= ((sum + 50) / 100) << (8 * place);
            place += 1;
        }
        Self(mixed)
    }
}

/// Which colour each tone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    colours: [Rgb; PLAIN.len() + 4 * KEYS],
}

/// The Okabe–Ito colours, told apart by most kinds of colour vision, in an order that keeps the
/// ones near the systems' accents and near red for last; then a grey.
const KEY: [Rgb; KEYS] = [
    Rgb(0x0072b2),
    Rgb(0xe69f00),
    Rgb(0x009e73),
    Rgb(0xcc79a7),
    Rgb(0x56b4e9),
    Rgb(0xf0e442),
    Rgb(0xd55e00),
    Rgb(0x9aa3af),
];

const BLACK: Rgb = Rgb(0x00_0000);
const WHITE: Rgb = Rgb(0xff_ffff);
const INK: Rgb = Rgb(0x0b_0e13);

impl Palette {
    /// On a light ground.
    pub const LIGHT: Self = Self::new(
        [
            Rgb(0xffffff),
            Rgb(0xeef0f3),
            Rgb(0xd5d9e0),
            Rgb(0x14181f),
            Rgb(0x545d6b),
            Rgb(0x5b3fd6),
            Rgb(0xece8fc),
            Rgb(0xb84a00),
            Rgb(0xfdeadd),
            Rgb(0xb3131f),
            Rgb(0xfde9ea),
            Rgb(0x0b63ce),
        ],
        BLACK,
        [25, 35, 25, 25, 35, 50, 25, 35],
        82,
    );

    /// On a dark ground.
    pub const DARK: Self = Self::new(
        [
            Rgb(0x161b22),
            Rgb(0x0b0e13),
            Rgb(0x2b323d),
            Rgb(0xe9edf3),
            Rgb(0xa3adbb),
            Rgb(0xa896ff),
            Rgb(0x231d45),
            Rgb(0xff9d5c),
            Rgb(0x3a2113),
            Rgb(0xff7b84),
            Rgb(0x3b171b),
            Rgb(0x6cb2ff),
        ],
        WHITE,
        [30, 15, 15, 15, 15, 15, 15, 15],
        79,
    );

    /// `edge` is how much of `towards` is in each key's edge; `soft`, how much of the ground is in
    /// a faded message.
    const fn new(plain: [Rgb; PLAIN.len()], towards: Rgb, edge: [u32; KEYS], soft: u32) -> Self {
        let mut colours = [BLACK; PLAIN.len() + 4 * KEYS];
        let mut at = 0;
        while at < PLAIN.len() {
            colours[at] = plain[at];
            at += 1;
        }
        let mut key = 0;
        while key < KEYS {
            let base = PLAIN.len() + key;
            colours[base] = KEY[key];
            colours[base + KEYS] = KEY[key].mixed(towards, edge[key]);
            colours[base + 2 * KEYS] = KEY[key].mixed(plain[1], soft);
            colours[base + 3 * KEYS] = if key == 0 { WHITE } else { INK };
            key += 1;
        }
        Self { colours }
    }

    /// The colour of a tone.
    #[must_use]
    pub fn colour(&self, tone: Tone) -> Rgb {
        self.colours[tone.index()]
    }
}

#[cfg(test)]
#[allow(clippy::float_arithmetic, reason = "contrast is defined with powers")]
mod tests {
    use super::*;

    fn luminance(colour: Rgb) -> f64 {
        let part = |place| {
            let share = f64::from(colour.byte(place)) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(2) + 0.7152 * part(1) + 0.0722 * part(0)
    }

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[track_caller]
    fn check(palette: &Palette, mark: Tone, ground: Tone, least: f64) {
        let found = contrast(palette.colour(mark), palette.colour(ground));
        assert!(found >= least, "{mark:?} on {ground:?} is {found:.2}, not {least}");
    }

    #[test]
    fn numbers_can_be_read_and_marks_can_be_seen_in_both_palettes() {
        for palette in [Palette::LIGHT, Palette::DARK] {
            for key in 0..=NO_KEY {
                check(&palette, Tone::OnKey(key), Tone::Key(key), 4.5);
                check(&palette, Tone::Muted, Tone::KeySoft(key), 4.5);
                check(&palette, Tone::KeyEdge(key), Tone::KeySoft(key), 2.2);
                for ground in [Tone::Surface, Tone::Sunk] {
                    check(&palette, Tone::KeyEdge(key), ground, 3.0);
                }
            }
            for ground in [Tone::Surface, Tone::Sunk] {
                for text in [Tone::Text, Tone::Muted, Tone::Kafka, Tone::Rabbit, Tone::Bad] {
                    check(&palette, text, ground, 4.5);
                }
                check(&palette, Tone::Focus, ground, 3.0);
            }
            check(&palette, Tone::Text, Tone::KafkaSoft, 4.5);
            check(&palette, Tone::Text, Tone::BadSoft, 4.5);
            check(&palette, Tone::Bad, Tone::BadSoft, 4.5);
        }
    }

    #[test]
    fn every_tone_has_its_own_place_and_name() {
        let all = Tone::all();
        let places: Vec<_> = all.iter().map(|it| it.index()).collect();
        assert_eq!(places, (0..all.len()).collect::<Vec<_>>());
        let mut names: Vec<_> = all.iter().map(|it| it.name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all.len());
        assert_eq!(Palette::LIGHT.colour(Tone::Key(1)).css(), "#e69f00");
    }
}
