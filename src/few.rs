//! A map of a few keys: a sorted list.
//!
//! A `BTreeMap` is several kilobytes of code for each pair of types, and the client travels to
//! every visitor. A new key takes as long as there are keys behind it, so what a peer can make
//! many of does not belong here.

use std::borrow::Borrow;

/// A map of a few keys, in their order.
#[derive(Clone, Debug)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Few<K, V> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Put a value under a key. Returns what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => self.0.get_mut(at).map(|(_, before)| std::mem::replace(before, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Take a key away. Returns what was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// All keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

impl<K, V> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn keys_are_found_and_in_order() {
        let mut few = Few::default();
        for key in ["b", "c", "a"] {
            assert_eq!(few.insert(key.to_owned(), key.len()), None);
        }
        assert_eq!((few.insert("b".to_owned(), 2), few.get("b")), (Some(1), Some(&2)));
        few.iter_mut().for_each(|(_, value)| *value += 1);
        few.get_mut("c").into_iter().for_each(|value| *value = 9);
        assert_eq!((few.remove("a"), few.remove("a"), few.get("a")), (Some(2), None, None));
        assert_eq!(few.iter().map(|(key, _)| &key[..]).collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(few.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), [3, 9]);
    }
}
