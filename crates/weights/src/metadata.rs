//! What a checkpoint says beside its tensors.

use std::collections::BTreeMap;

/// A value of a checkpoint's metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum MetaValue {
    /// An unsigned integer of any width.
    Unsigned(u64),
    /// A signed integer of any width.
    Signed(i64),
    /// A number in single precision.
    F32(f32),
    /// A number in double precision.
    F64(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    String(String),
    /// Several values of one kind.
    Array(Vec<MetaValue>),
}

/// Keys and values; those of a GGUF file, or the arguments that a torch archive keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata(BTreeMap<String, MetaValue>);

impl Metadata {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&MetaValue> {
        self.0.get(key)
    }

    /// Sets a value. Returns the one that it replaces.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<MetaValue>) -> Option<MetaValue> {
        self.0.insert(key.into(), value.into())
    }

    /// Keys and values, sorted by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &MetaValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl MetaValue {
    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unsigned(_) => "an unsigned integer",
            Self::Signed(_) => "an integer",
            Self::F32(_) | Self::F64(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::String(_) => "text",
            Self::Array(_) => "a list",
        }
    }

    /// An integer that is not negative, whatever its type.
    pub fn as_usize(&self) -> Option<usize> {
        match self {
            Self::Unsigned(number) => usize::try_from(*number).ok(),
            Self::Signed(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::F32(number) => Some(f64::from(*number)),
            Self::F64(number) => Some(*number),
            _ => None,
        }
    }

    /// True or false.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A list.
    pub fn as_array(&self) -> Option<&[MetaValue]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }
}

impl From<u32> for MetaValue {
    fn from(number: u32) -> Self {
        Self::Unsigned(u64::from(number))
    }
}

impl From<usize> for MetaValue {
    fn from(number: usize) -> Self {
        Self::Unsigned(number as u64)
    }
}

impl From<f32> for MetaValue {
    fn from(number: f32) -> Self {
        Self::F32(number)
    }
}

impl From<bool> for MetaValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for MetaValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for MetaValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl<T: Into<MetaValue>> From<Vec<T>> for MetaValue {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}
