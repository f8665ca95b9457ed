// How many bytes code is when it travels.

import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

/** An ES module for browsers with all that `code` imports, minified. */
export async function minified(code, folder) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    external: ["fs", "path", "util", "module", "node:*"],
    legalComments: "none",
    logLevel: "error",
    write: false,
  });
  return outputFiles[0].contents;
}

/** The bytes of files that are fetched one by one: as they are, and as best compressed. */
export function sizeOf(files) {
  const sum = (bytes) => files.reduce((total, file) => total + bytes(file), 0);
  return {
    raw: sum((file) => file.length),
    gzip: sum((file) => gzipSync(file, { level: 9 }).length),
    brotli: sum((file) => brotliCompressSync(file, { params: brotli(file) }).length),
  };
}

function brotli(file) {
  return {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: file.length,
  };
}
