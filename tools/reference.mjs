// The reference of the client's API, `docs/reference/`, from the types of the built package.
// `npm run reference` writes it; `npm test -- types` compares it.

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installIn } from "./own_packages.mjs";
import { Failure, command, root, run } from "./shell.mjs";

const tool = join(root, "tools/reference");
const reference = join(root, "docs/reference");

/** Writes the reference into `folder`. The package has to be built. */
async function write(folder) {
  await installIn(tool, {
    what: "what makes the reference",
    advice: "See above why npm could not install; the npm registry is needed.",
  });
  const tsconfig = join(tool, "tsconfig.json");
  const { files } = JSON.parse(readFileSync(tsconfig, "utf8"));
  const args = [join(tool, "node_modules/typedoc/bin/typedoc"), "--out", folder];
  args.push("--options", join(tool, "typedoc.json"), "--tsconfig", tsconfig);
  args.push(...files.flatMap((file) => ["--entryPoints", join(tool, file)]));
  await run(process.execPath, args, { quiet: true });
}

/** Throws a `Failure` unless the committed reference is that of the built package. */
export async function checkReference() {
  const folder = mkdtempSync(join(tmpdir(), "selvedge-reference-"));
  try {
    await write(folder);
    for (const file of readdirSync(folder)) {
      const [now, committed] = [folder, reference].map((of) => join(of, file));
      if (existsSync(committed) && readFileSync(now).equals(readFileSync(committed))) continue;
      const advice = "`npm run build && npm run reference` writes it anew.";
      throw new Failure(`docs/reference/${file} is not what the types say`, advice);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) await command(() => write(reference));
