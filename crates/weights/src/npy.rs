//! The `.npy` format: a magic string, a length, a Python dictionary as text, then the values.
//!
//! Only plain arrays of numbers are read. Object arrays hold pickles, which can run code: they are refused, not read.

use crate::array::{Array, Element};

const MAGIC: &[u8] = b"\x93NUMPY";
/// The values begin at a multiple of this.
const ALIGNMENT: usize = 64;

type Outcome<T> = Result<T, String>;

/// Reads an array from the bytes of a whole file.
pub(crate) fn read(bytes: &[u8]) -> Outcome<Array> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as a .npy file")?;
    let (header, values) = split_header(rest).ok_or("its header is cut off")?;
    let header = std::str::from_utf8(header).map_err(|_| "its header is no text")?;
    if value(header, "fortran_order")?.starts_with("True") {
        return Err("its array is in Fortran order; save it after numpy.ascontiguousarray".into());
    }
    Array::new(element(value(header, "descr")?)?, shape(value(header, "shape")?)?, values)
}

/// The header's text and what follows it. Version 1 has two bytes of length, later ones four.
fn split_header(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let ([major, _minor], rest) = bytes.split_first_chunk()?;
    let (len, rest) = if *major == 1 {
        let (len, rest) = rest.split_first_chunk()?;
        (usize::from(u16::from_le_bytes(*len)), rest)
    } else {
        let (len, rest) = rest.split_first_chunk()?;
        (usize::try_from(u32::from_le_bytes(*len)).ok()?, rest)
    };
    rest.split_at_checked(len)
}

/// The text from the value of `key` on.
fn value<'a>(header: &'a str, key: &str) -> Outcome<&'a str> {
    let missing = || format!("its header does not state `{key}`");
    let (_, after) = header.split_once(&format!("'{key}'")).ok_or_else(missing)?;
    Ok(after.trim_start().strip_prefix(':').ok_or_else(missing)?.trim_start())
}

fn element(value: &str) -> Outcome<Element> {
    let quoted = value.strip_prefix('\'').and_then(|value| value.split_once('\''));
    let (code, _) = quoted.ok_or("its array has named fields; a plain array of numbers is needed")?;
    if code.contains('O') {
        return Err("it holds Python objects (a pickle), which are never loaded; save a plain array of numbers".into());
    }
    if code.starts_with('>') {
        return Err(format!("its type {code} is big-endian; save it in little-endian order"));
    }
    let plain = code.trim_start_matches(['<', '|', '=']);
    Element::from_numpy(plain).ok_or_else(|| format!("its type {code} is none of {}", Element::NAMES))
}

fn shape(value: &str) -> Outcome<Vec<usize>> {
    let inside = value.strip_prefix('(').and_then(|value| value.split_once(')'));
    let (inside, _) = inside.ok_or("its shape is no tuple")?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().map_err(|_| format!("its shape holds `{size}`"))).collect()
}

/// The bytes of a whole file with this array.
pub(crate) fn write(array: &Array) -> Vec<u8> {
    let sizes: String = array.shape().iter().map(|size| format!("{size},")).collect();
    let code = array.element().numpy();
    let mut header = format!("{{'descr': '{code}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    header.push('\n');
    // A few sizes make a header of a hundred bytes.
    let len = u16::try_from(header.len()).unwrap_or(u16::MAX);
    [MAGIC, &[1, 0], &len.to_le_bytes(), header.as_bytes(), array.bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(header: &str, values: &[u8]) -> Vec<u8> {
        let len = (header.len() as u16).to_le_bytes();
        [MAGIC, &[1, 0], &len, header.as_bytes(), values].concat()
    }

    fn error(header: &str, values: &[u8]) -> String {
        read(&file(header, values)).unwrap_err()
    }

    #[test]
    fn headers_as_numpy_writes_them_are_read() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }          \n";
        let array = read(&file(header, &[0, 0, 128, 63, 0, 0, 0, 64])).unwrap();
        assert_eq!((array.shape(), array.to_f32()), (&[2][..], Some(vec![1.0, 2.0])));
        let scalar = read(&file("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", &[7])).unwrap();
        assert_eq!((scalar.shape(), scalar.to_i64()), (&[][..], Some(vec![7])));
        let mut second = file(header, &[0; 8]);
        second.splice(6..10, [2, 0, header.len() as u8, 0, 0, 0]);
        assert_eq!(read(&second).unwrap().shape(), [2]);
    }

    #[test]
    fn what_is_no_plain_array_is_refused_with_its_reason() {
        let with =
            |descr: &str| error(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}"), &[0; 8]);
        assert!(with("'|O'").contains("pickle"));
        assert!(with("[('a', '<f4')]").contains("named fields"));
        assert!(with("'>f4'").contains("big-endian"));
        assert!(with("'<c8'").contains("<c8"));
        assert!(error("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1)}", &[0; 4]).contains("Fortran"));
        assert!(error("{'fortran_order': False, 'shape': (1,)}", &[]).contains("descr"));
        assert!(error("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", &[]).contains("`-1`"));
    }

    #[test]
    fn shapes_that_the_values_do_not_fill_are_refused() {
        let with =
            |shape: &str| error(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}"), &[0; 8]);
        assert!(with("(3,)").contains("[3]"));
        assert!(with("(18446744073709551615, 18446744073709551615)").contains("bytes"));
        assert!(with("(4294967296, 4294967296, 0)").contains("bytes"));
    }

    #[test]
    fn a_length_beyond_the_file_is_refused() {
        assert!(read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}").unwrap_err().contains("cut off"));
        assert!(read(b"\x93NUMPY\x01").unwrap_err().contains("cut off"));
        assert!(read(b"").unwrap_err().contains(".npy"));
    }

    proptest! {
        #[test]
        fn arrays_round_trip(values in prop::collection::vec(any::<f32>(), 0..40)) {
            let array = Array::from_f32(&[values.len()], &values).unwrap();
            let bytes = write(&array);
            prop_assert_eq!(bytes.len() % ALIGNMENT, values.len() * 4 % ALIGNMENT);
            let read = read(&bytes).unwrap();
            prop_assert_eq!(read.bytes(), array.bytes());
        }

        #[test]
        fn damaged_files_never_panic(place in 0usize..200, byte: u8, len in 0usize..200) {
            let mut bytes = write(&Array::from_i32(&[3, 4], &[5; 12]).unwrap());
            let place = place % bytes.len();
            bytes[place] = byte;
            bytes.truncate(len.max(1));
            let _ = read(&bytes);
        }
    }
}
