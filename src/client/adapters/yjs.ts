/**
 * Binds a stock `Y.Doc`, and the awareness of y-protocols, to an open document. So every editor that
 * has a binding for Yjs works as it is.
 *
 * @module
 */

export { attach } from "./attach.js";
export type { AttachOptions, Detach, Detached } from "./attach.js";
export { Provider } from "./provider.js";
export type { ProviderEvents } from "./provider.js";
