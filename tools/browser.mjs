// Finds Chromium and its driver for the tests, or brings them in.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Failure, environment, run, step } from "./shell.mjs";

/** The paths `{ chromium, chromedriver }`. CHROMIUM and CHROMEDRIVER name others than PATH has. */
export async function browser() {
  const found = find();
  if (found) return found;
  if (process.getuid?.() === 0 && inPath("apt-get")) await install();
  const installed = find();
  if (installed) return installed;
  throw new Failure(
    "Chromium or chromedriver is missing",
    "Install both, of one version (on Debian: apt-get install chromium chromium-driver), " +
      "or say where they are in CHROMIUM and CHROMEDRIVER.",
  );
}

function find() {
  const chromium =
    process.env.CHROMIUM ??
    ["chromium", "chromium-browser", "google-chrome"].map(inPath).find(Boolean);
  const chromedriver = process.env.CHROMEDRIVER ?? inPath("chromedriver");
  return chromium && chromedriver ? { chromium, chromedriver } : undefined;
}

function install() {
  const env = environment([], { DEBIAN_FRONTEND: "noninteractive" });
  return step("installing Chromium and its driver with apt-get", async () => {
    await run("apt-get", ["update"], { env, quiet: true });
    const packages = ["chromium", "chromium-driver", "fonts-liberation"];
    await run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], {
      env,
      quiet: true,
    });
  });
}

/** Where PATH has a program; undefined if it has not. */
function inPath(program) {
  const paths = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
