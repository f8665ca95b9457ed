//! The algebra of updates behind stdin and stdout, so that tests can hold it against stock Yjs.
//!
//! A message is its length and then its fields, each behind its own; lengths are 32 bits, little
//! endian. The first field of a request names what to do, the first of an answer says `ok` or why
//! not.

use std::io::{self, BufReader, Read, Write};

use selvedge::update::{self, DeleteSet, Malformed, StateVector};

type Fields = Vec<Vec<u8>>;

fn main() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = io::stdout().lock();
    while let Some(request) = read(&mut input)? {
        let answer = match answer(&request) {
            Ok(fields) => [vec![b"ok".to_vec()], fields].concat(),
            Err(error) => vec![error.to_string().into_bytes()],
        };
        let mut message = Vec::new();
        for field in answer {
            message.extend((field.len() as u32).to_le_bytes());
            message.extend(field);
        }
        output.write_all(&(message.len() as u32).to_le_bytes())?;
        output.write_all(&message)?;
        output.flush()?;
    }
    Ok(())
}

fn answer(request: &Fields) -> Result<Fields, Malformed> {
    let fields: Vec<&[u8]> = request.iter().map(Vec::as_slice).collect();
    Ok(match fields.as_slice() {
        [b"merge", updates @ ..] => vec![update::merge(updates)?],
        [b"diff", known, updates @ ..] => {
            vec![update::diff(updates, &StateVector::decode(known)?)?]
        }
        [b"compact", updates @ ..] => vec![update::compact(updates)?],
        [b"to_columns", one] => vec![update::to_columns(one)?],
        [b"from_columns", columns] => vec![update::from_columns(columns)?],
        [b"state_vector", one] => vec![update::state_vector(one)?.encode()],
        [b"delete_set", updates @ ..] => vec![update::delete_set(updates)?.encode()],
        [b"without_deletes", one, known] => {
            vec![update::without_deletes(one, &DeleteSet::decode(known)?)?.into_owned()]
        }
        [b"admit", one, known] => {
            let admission = update::admit(one, &StateVector::decode(known)?)?;
            let ends: StateVector = admission.ends.iter().copied().collect();
            let flags = [admission.has_deletes, admission.repeats, admission.missing];
            vec![admission.fresh.into_owned(), ends.encode(), flags.map(u8::from).to_vec()]
        }
        [name, ..] => panic!("no such request: {}", String::from_utf8_lossy(name)),
        [] => panic!("an empty request"),
    })
}

/// The fields of the next message, or none at the end.
fn read(input: &mut impl Read) -> io::Result<Option<Fields>> {
    let mut len = [0; 4];
    match input.read_exact(&mut len) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut message = vec![0; u32::from_le_bytes(len) as usize];
    input.read_exact(&mut message)?;
    let mut fields = Vec::new();
    let mut rest = message.as_slice();
    while let Some((len, behind)) = rest.split_first_chunk() {
        let (field, behind) = behind.split_at(u32::from_le_bytes(*len) as usize);
        fields.push(field.to_vec());
        rest = behind;
    }
    Ok(Some(fields))
}
