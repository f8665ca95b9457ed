import { LoroDoc } from "loro-crdt";

export async function use() {
  return {
    create(tell) {
      const doc = new LoroDoc();
      if (tell) doc.subscribeLocalUpdates(tell);
      return { doc, text: doc.getText("t") };
    },
    edit({ doc, text }, at, deleted, inserted) {
      if (deleted > 0) text.delete(at, deleted);
      if (inserted !== "") text.insert(at, inserted);
      doc.commit();
    },
    text: ({ text }) => text.toString(),
    encode: ({ doc }) => doc.export({ mode: "snapshot" }),
    observe: ({ text }, tell) =>
      text.subscribe(({ events }) => events.forEach(({ diff }) => tell(diff.diff))),
    apply: ({ doc }, update) => doc.import(update),
    load(bytes) {
      const doc = new LoroDoc();
      doc.import(bytes);
      return { doc, text: doc.getText("t") };
    },
    close: ({ doc }) => doc.free(),
  };
}
