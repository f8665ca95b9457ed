import * as A from "@automerge/automerge";

export async function use() {
  return {
    create(tell) {
      const copy = { doc: tell ? A.from({ text: "" }) : A.init(), tell };
      // Whoever applies the changes begins with the one that made the text.
      if (tell) A.getAllChanges(copy.doc).forEach(tell);
      return copy;
    },
    edit(copy, at, deleted, inserted) {
      copy.doc = A.change(copy.doc, (doc) => A.splice(doc, ["text"], at, deleted, inserted));
      copy.tell(A.getLastLocalChange(copy.doc));
    },
    text: ({ doc }) => doc.text,
    encode: ({ doc }) => A.save(doc),
    observe(copy, tell) {
      copy.options = { patchCallback: (patches) => tell(patches) };
    },
    apply(copy, update) {
      [copy.doc] = A.applyChanges(copy.doc, [update], copy.options);
    },
    load: (bytes) => ({ doc: A.load(bytes) }),
    close: ({ doc }) => A.free(doc),
  };
}
