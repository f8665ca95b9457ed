import * as Y from "yjs";

export async function use() {
  return {
    create(tell) {
      const doc = new Y.Doc();
      if (tell) doc.on("update", tell);
      return { doc, text: doc.getText("t") };
    },
    edit({ doc, text }, at, deleted, inserted) {
      doc.transact(() => {
        if (deleted > 0) text.delete(at, deleted);
        if (inserted !== "") text.insert(at, inserted);
      });
    },
    text: ({ text }) => text.toString(),
    encode: ({ doc }) => Y.encodeStateAsUpdate(doc),
    observe: ({ text }, tell) => text.observe((event) => tell(event.delta)),
    apply: ({ doc }, update) => Y.applyUpdate(doc, update),
    load(bytes) {
      const copy = this.create();
      Y.applyUpdate(copy.doc, bytes);
      return copy;
    },
    close: ({ doc }) => doc.destroy(),
  };
}
