//! Things by name. A sorted list, which is a fraction of the code of a tree: it is in the client.

/// Things by name, in the order of their names.
#[derive(Clone, Debug)]
pub(super) struct Named<T>(Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let at = self.find(name).ok()?;
        self.0.get(at).map(|(_, thing)| thing)
    }

    /// Add something. False if the name is taken; then the first stays.
    pub(super) fn insert(&mut self, name: &str, thing: T) -> bool {
        let Err(at) = self.find(name) else { return false };
        self.0.insert(at, (name.to_owned(), thing));
        true
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, thing)| (name.as_str(), thing))
    }

    pub(super) fn into_entries(self) -> Vec<(String, T)> {
        self.0
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}
