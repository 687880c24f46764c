//! Reads the part of Python's pickle format that `torch.save` writes. Nothing is executed: a call to anything but
//! the few constructors that describe tensors and dictionaries becomes [`Value::Opaque`].
//!
//! A hostile file may build objects that hold themselves, or a million lists one inside the other. So containers lie
//! side by side in one [`Pickle`] and refer to each other by number: nothing is walked or dropped recursively.
//!
//! Opcodes after CPython's `Lib/pickletools.py`, protocols 2 to 4.

use std::collections::HashMap;
use std::rc::Rc;

use candle_core::DType;

/// A pickled object as far as checkpoints need it.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Int(i64),
    Str(Rc<str>),
    /// A tuple or list: its place in [`Pickle::sequence`].
    Sequence(usize),
    /// A dictionary: its place in [`Pickle::dict`].
    Dict(usize),
    Global(Rc<str>),
    Storage(Rc<Storage>),
    Tensor(Rc<TensorRef>),
    /// None, booleans, floats and objects of unknown classes.
    Opaque,
    Mark,
}

/// A block of numbers stored as a file of its own in the archive.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) dtype: DType,
    pub(crate) key: Rc<str>,
}

/// A tensor: a view of a storage, offsets and strides counted in elements.
#[derive(Debug)]
pub(crate) struct TensorRef {
    pub(crate) storage: Rc<Storage>,
    pub(crate) offset: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) stride: Vec<usize>,
}

type Outcome<T> = Result<T, String>;

/// A tensor takes some 40 objects; far above any model, and few enough to fit in memory whatever they are.
const MAX_OBJECTS: usize = 1 << 21;

/// Above the rank of any weight; a pickle can repeat one long shape for many tensors at the cost of a few bytes each.
const MAX_RANK: usize = 16;

/// Bytes of a class's name; a pickle can recall one long text for many names at the cost of a few bytes each.
const MAX_CLASS_NAME: usize = 256;

/// A pickled object and all that it refers to.
#[derive(Debug)]
pub(crate) struct Pickle {
    pub(crate) root: Value,
    heap: Heap,
}

impl Pickle {
    /// Reads one pickled object from `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Outcome<Self> {
        let mut reader = Reader { bytes };
        let mut machine = Machine::default();
        loop {
            let opcode = reader.byte()?;
            if opcode == b'.' {
                let root = machine.pop()?;
                return Ok(Self { root, heap: machine.heap });
            }
            machine.step(opcode, &mut reader)?;
        }
    }

    /// The pairs of a dictionary in the order they were set; `None` when `value` is none.
    pub(crate) fn dict(&self, value: &Value) -> Option<&[(Value, Value)]> {
        match value {
            Value::Dict(index) => self.heap.dicts.get(*index).map(Vec::as_slice),
            _ => None,
        }
    }

    /// The elements of a tuple or list; `None` when `value` is neither.
    pub(crate) fn sequence(&self, value: &Value) -> Option<&[Value]> {
        self.heap.sequence(value)
    }
}

/// The contents of all containers.
#[derive(Debug, Default)]
struct Heap {
    sequences: Vec<Vec<Value>>,
    dicts: Vec<Vec<(Value, Value)>>,
}

impl Heap {
    fn new_sequence(&mut self, values: Vec<Value>) -> Value {
        self.sequences.push(values);
        Value::Sequence(self.sequences.len() - 1)
    }

    fn new_dict(&mut self, pairs: Vec<(Value, Value)>) -> Value {
        self.dicts.push(pairs);
        Value::Dict(self.dicts.len() - 1)
    }

    /// The elements of a tuple or list; `None` when `value` is neither.
    fn sequence(&self, value: &Value) -> Option<&[Value]> {
        match value {
            Value::Sequence(index) => self.sequences.get(*index).map(Vec::as_slice),
            _ => None,
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Outcome<&'a [u8]> {
        let (head, tail) = self.bytes.split_at_checked(len).ok_or("the pickle ends early")?;
        self.bytes = tail;
        Ok(head)
    }

    fn byte(&mut self) -> Outcome<u8> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian unsigned number of `len` ≤ 8 bytes.
    fn number(&mut self, len: usize) -> Outcome<usize> {
        let value = self.take(len)?.iter().rev().fold(0u64, |value, &byte| (value << 8) | u64::from(byte));
        usize::try_from(value).map_err(|_| "a length that does not fit in memory".to_owned())
    }

    fn text(&mut self, len: usize) -> Outcome<Value> {
        let text = std::str::from_utf8(self.take(len)?).map_err(|error| error.to_string())?;
        Ok(Value::Str(text.into()))
    }

    fn line(&mut self) -> Outcome<&'a str> {
        let end = self.bytes.iter().position(|&byte| byte == b'\n').ok_or("the pickle ends early")?;
        let line = self.take(end)?;
        self.byte()?;
        std::str::from_utf8(line).map_err(|error| error.to_string())
    }

    /// A two's-complement number of `len` bytes; those that do not fit in 64 bits are of no use to a checkpoint.
    fn long(&mut self, len: usize) -> Outcome<Value> {
        let bytes = self.take(len)?;
        if len > 8 {
            return Ok(Value::Opaque);
        }
        let fill = if bytes.last().is_some_and(|&top| top >= 0x80) { 0xff } else { 0 };
        let mut wide = [fill; 8];
        wide[..len].copy_from_slice(bytes);
        Ok(Value::Int(i64::from_le_bytes(wide)))
    }
}

#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    memo: HashMap<usize, Value>,
    heap: Heap,
    /// How many objects were put on the stack or into the memo so far.
    objects: usize,
}

impl Machine {
    fn step(&mut self, opcode: u8, reader: &mut Reader) -> Outcome<()> {
        match opcode {
            0x80 => reader.take(1).map(drop),
            0x95 => reader.take(8).map(drop),
            b'q' => self.remember(reader.number(1)?),
            b'r' => self.remember(reader.number(4)?),
            0x94 => self.remember(self.memo.len()),
            b'h' => self.recall(reader.number(1)?),
            b'j' => self.recall(reader.number(4)?),
            b'0' => self.pop().map(drop),
            b'1' => self.pop_to_mark().map(drop),
            b'a' => self.append_one(),
            // Appends to a list, adds to a set.
            b'e' | 0x90 => self.append_many(),
            b's' => self.set_one(),
            b'u' => self.set_many(),
            // State of an object, such as the `_metadata` of an OrderedDict: of no use here.
            b'b' => self.pop().map(drop),
            _ => {
                let value = self.value(opcode, reader)?;
                self.push(value)
            }
        }
    }

    /// Opcodes that put one object on the stack.
    fn value(&mut self, opcode: u8, reader: &mut Reader) -> Outcome<Value> {
        match opcode {
            b'(' => Ok(Value::Mark),
            b'N' | 0x88 | 0x89 => Ok(Value::Opaque),
            b'G' => reader.take(8).map(|_| Value::Opaque),
            b'J' => reader.long(4),
            b'K' => Ok(Value::Int(reader.number(1)? as i64)),
            b'M' => Ok(Value::Int(reader.number(2)? as i64)),
            0x8a | 0x8b => {
                let len = reader.number(if opcode == 0x8a { 1 } else { 4 })?;
                reader.long(len)
            }
            b'X' | 0x8c | 0x8d => {
                let len = reader.number(length_bytes(opcode))?;
                reader.text(len)
            }
            b'C' | b'B' | 0x8e => {
                let len = reader.number(length_bytes(opcode))?;
                reader.take(len).map(|_| Value::Opaque)
            }
            b'c' => Ok(Value::Global(format!("{}.{}", reader.line()?, reader.line()?).into())),
            _ => self.composed(opcode),
        }
    }

    /// Opcodes that make one object of those on the stack.
    fn composed(&mut self, opcode: u8) -> Outcome<Value> {
        match opcode {
            b')' | b']' | 0x8f => Ok(self.heap.new_sequence(Vec::new())),
            b't' | b'l' | 0x91 => {
                let values = self.pop_to_mark()?;
                Ok(self.heap.new_sequence(values))
            }
            0x85..=0x87 => {
                let values = self.pop_many(usize::from(opcode - 0x84))?;
                Ok(self.heap.new_sequence(values))
            }
            b'}' => Ok(self.heap.new_dict(Vec::new())),
            b'd' => {
                let pairs = pairs(self.pop_to_mark()?)?;
                Ok(self.heap.new_dict(pairs))
            }
            0x93 => self.stack_global(),
            b'Q' => self.persistent(),
            b'R' | 0x81 => self.call(),
            0x92 => {
                self.pop()?;
                self.call()
            }
            other => Err(format!("pickle opcode {other:#04x} has no place in a checkpoint")),
        }
    }

    fn push(&mut self, value: Value) -> Outcome<()> {
        self.count()?;
        self.stack.push(value);
        Ok(())
    }

    fn count(&mut self) -> Outcome<()> {
        self.objects += 1;
        if self.objects > MAX_OBJECTS {
            Err("the pickle holds more objects than any checkpoint".into())
        } else {
            Ok(())
        }
    }

    fn pop(&mut self) -> Outcome<Value> {
        self.stack.pop().ok_or_else(|| "the pickle takes from an empty stack".into())
    }

    fn pop_many(&mut self, count: usize) -> Outcome<Vec<Value>> {
        let start = self.stack.len().checked_sub(count).ok_or("the pickle takes from an empty stack")?;
        Ok(self.stack.split_off(start))
    }

    fn pop_to_mark(&mut self) -> Outcome<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark)).ok_or("no mark on the stack")?;
        let values = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(values)
    }

    fn remember(&mut self, index: usize) -> Outcome<()> {
        self.count()?;
        let top = self.stack.last().ok_or("the pickle remembers nothing")?.clone();
        self.memo.insert(index, top);
        Ok(())
    }

    fn recall(&mut self, index: usize) -> Outcome<()> {
        let value = self.memo.get(&index).cloned().ok_or("the pickle recalls what it never stored")?;
        self.push(value)
    }

    fn append_one(&mut self) -> Outcome<()> {
        let value = self.pop()?;
        self.extend_top(vec![value])
    }

    fn append_many(&mut self) -> Outcome<()> {
        let values = self.pop_to_mark()?;
        self.extend_top(values)
    }

    fn extend_top(&mut self, values: Vec<Value>) -> Outcome<()> {
        if let Some(Value::Sequence(list)) = self.stack.last() {
            self.heap.sequences[*list].extend(values);
        }
        Ok(())
    }

    fn set_one(&mut self) -> Outcome<()> {
        let pair = self.pop_many(2)?;
        self.update_top(pair)
    }

    fn set_many(&mut self) -> Outcome<()> {
        let values = self.pop_to_mark()?;
        self.update_top(values)
    }

    fn update_top(&mut self, values: Vec<Value>) -> Outcome<()> {
        if let Some(Value::Dict(dict)) = self.stack.last() {
            self.heap.dicts[*dict].extend(pairs(values)?);
        }
        Ok(())
    }

    fn stack_global(&mut self) -> Outcome<Value> {
        let names = self.pop_many(2)?;
        match (&names[0], &names[1]) {
            (Value::Str(module), Value::Str(name)) if module.len() + name.len() <= MAX_CLASS_NAME => {
                Ok(Value::Global(format!("{module}.{name}").into()))
            }
            (Value::Str(_), Value::Str(_)) => Err("a class with an endless name".into()),
            _ => Err("a class without a name".into()),
        }
    }

    /// `("storage", torch.BFloat16Storage, key, location, elements)`.
    fn persistent(&mut self) -> Outcome<Value> {
        let id = self.pop()?;
        match self.heap.sequence(&id) {
            Some([Value::Str(kind), Value::Global(class), Value::Str(key), ..]) if **kind == *"storage" => {
                Ok(Value::Storage(Rc::new(Storage { dtype: storage_dtype(class)?, key: key.clone() })))
            }
            _ => Err("a persistent id that names no storage".into()),
        }
    }

    /// What a call builds, for the few callables that matter.
    fn call(&mut self) -> Outcome<Value> {
        let arguments = self.pop()?;
        let callable = self.pop()?;
        let (Value::Global(name), Some(arguments)) = (callable, self.heap.sequence(&arguments)) else {
            return Ok(Value::Opaque);
        };
        match &*name {
            "collections.OrderedDict" => Ok(self.heap.new_dict(Vec::new())),
            "torch._utils._rebuild_tensor_v2" => self.tensor(arguments),
            "torch._utils._rebuild_parameter" => Ok(arguments.first().cloned().unwrap_or(Value::Opaque)),
            _ => Ok(Value::Opaque),
        }
    }

    /// `(storage, offset, size, stride, requires_grad, backward_hooks)`.
    fn tensor(&self, arguments: &[Value]) -> Outcome<Value> {
        let [Value::Storage(storage), offset, shape, stride, ..] = arguments else {
            return Err("a tensor with arguments of the wrong kind".into());
        };
        let (Some(shape), Some(stride)) = (self.heap.sequence(shape), self.heap.sequence(stride)) else {
            return Err("a tensor without shape or strides".into());
        };
        Ok(Value::Tensor(Rc::new(TensorRef {
            storage: storage.clone(),
            offset: index(offset)?,
            shape: sizes(shape)?,
            stride: sizes(stride)?,
        })))
    }
}

fn pairs(values: Vec<Value>) -> Outcome<Vec<(Value, Value)>> {
    if !values.len().is_multiple_of(2) {
        return Err("a dictionary with a key but no value".into());
    }
    let mut values = values.into_iter();
    let mut pairs = Vec::with_capacity(values.len() / 2);
    while let (Some(key), Some(value)) = (values.next(), values.next()) {
        pairs.push((key, value));
    }
    Ok(pairs)
}

fn storage_dtype(class: &str) -> Outcome<DType> {
    match class {
        "torch.DoubleStorage" => Ok(DType::F64),
        "torch.FloatStorage" => Ok(DType::F32),
        "torch.HalfStorage" => Ok(DType::F16),
        "torch.BFloat16Storage" => Ok(DType::BF16),
        "torch.LongStorage" => Ok(DType::I64),
        "torch.IntStorage" => Ok(DType::I32),
        "torch.ShortStorage" => Ok(DType::I16),
        "torch.ByteStorage" | "torch.BoolStorage" => Ok(DType::U8),
        other => Err(format!("unsupported storage class {other}")),
    }
}

/// A tensor's shape or strides.
fn sizes(values: &[Value]) -> Outcome<Vec<usize>> {
    if values.len() > MAX_RANK {
        return Err(format!("a tensor of {} dimensions", values.len()));
    }
    values.iter().map(index).collect()
}

fn index(value: &Value) -> Outcome<usize> {
    match value {
        Value::Int(number) => usize::try_from(*number).map_err(|_| format!("{number} is no size")),
        _ => Err("a size that is no number".into()),
    }
}

/// How many bytes the length of a text or byte string takes.
fn length_bytes(opcode: u8) -> usize {
    match opcode {
        b'X' | b'B' => 4,
        0x8d | 0x8e => 8,
        _ => 1,
    }
}
