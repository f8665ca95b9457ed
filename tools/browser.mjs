// Finds Chromium and its driver for the tests, or brings them in. Firefox as well, if it is wanted.

import { Failure } from "./shell.mjs";
import { canInstall, inPath, install } from "./system.mjs";

const PACKAGES = ["chromium", "chromium-driver", "fonts-liberation"];

/** The paths `{ chromium, chromedriver }`. CHROMIUM and CHROMEDRIVER name others than PATH has. */
export async function browser() {
  const found = find();
  if (found) return found;
  if (canInstall()) await install("Chromium and its driver", PACKAGES);
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

/** The path of a stock Firefox. FIREFOX may be one, or say just that it is wanted. */
export async function firefox() {
  const { FIREFOX } = process.env;
  if (FIREFOX?.includes("/")) return FIREFOX;
  const find = () => ["firefox-esr", "firefox"].map(inPath).find(Boolean);
  if (!find() && canInstall()) await install("Firefox", ["firefox-esr"]);
  const found = find();
  if (found) return found;
  throw new Failure("Firefox is missing", "Install it, or say where it is in FIREFOX.");
}
