// What a failed test left open would keep its process alive: the server's end closes it all.

/** Functions that close something; each may be called although it is closed already. */
export const opened = new Set()

export const closeAll = () => {
  for (const close of opened) {
    // One that fails to close is no reason to leave the others open.
    try { close() } catch (error) { console.error(error) }
  }
  opened.clear()
}
