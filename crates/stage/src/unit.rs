//! Lengths, points and areas, in whole tenths of a pixel.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// A length in tenths of a CSS pixel. Whole, so that the same bytes come out everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Len(pub i32);

/// So many pixels.
#[must_use]
pub const fn px(pixels: i32) -> Len {
    Len(pixels * 10)
}

impl Len {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole pixels, rounded down.
    #[must_use]
    pub const fn floor_px(self) -> i32 {
        self.0.div_euclid(10)
    }

    /// Whole pixels, rounded up.
    #[must_use]
    pub const fn ceil_px(self) -> i32 {
        (self.0 + 9).div_euclid(10)
    }

    /// Half of it.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2)
    }
}

impl Add for Len {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Len {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Len {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Len {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<i32> for Len {
    type Output = Self;

    fn mul(self, times: i32) -> Self {
        Self(self.0 * times)
    }
}

impl Div<i32> for Len {
    type Output = Self;

    fn div(self, parts: i32) -> Self {
        Self(self.0 / parts)
    }
}

/// A place in the picture; `y` grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// From the left.
    pub x: Len,
    /// From the top.
    pub y: Len,
}

impl Point {
    /// That place.
    #[must_use]
    pub const fn new(x: Len, y: Len) -> Self {
        Self { x, y }
    }

    /// The place so far to the right and below.
    #[must_use]
    pub fn offset(self, x: Len, y: Len) -> Self {
        Self { x: self.x + x, y: self.y + y }
    }
}

/// A rectangle in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Area {
    /// Its left edge.
    pub x: Len,
    /// Its upper edge.
    pub y: Len,
    /// Its width.
    pub width: Len,
    /// Its height.
    pub height: Len,
}

impl Area {
    /// That rectangle.
    #[must_use]
    pub const fn new(x: Len, y: Len, width: Len, height: Len) -> Self {
        Self { x, y, width, height }
    }

    /// Its right edge.
    #[must_use]
    pub fn right(self) -> Len {
        self.x + self.width
    }

    /// Its lower edge.
    #[must_use]
    pub fn bottom(self) -> Len {
        self.y + self.height
    }

    /// Its middle.
    #[must_use]
    pub fn centre(self) -> Point {
        Point::new(self.x + self.width.half(), self.y + self.height.half())
    }

    /// The same, smaller by `by` on every side; larger if that is negative.
    #[must_use]
    pub fn inset(self, by: Len) -> Self {
        Self::new(self.x + by, self.y + by, self.width - by * 2, self.height - by * 2)
    }

    /// Whether a point lies in it.
    #[must_use]
    pub fn contains(self, at: Point) -> bool {
        self.x <= at.x && at.x < self.right() && self.y <= at.y && at.y < self.bottom()
    }

    /// Whether the two share more than an edge.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }
}
