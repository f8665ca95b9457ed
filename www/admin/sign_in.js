// The form that asks for the secret.

import { askRooms } from "./ask.js";
import { byId, write } from "./element.js";

/** Returns a function that shows the form with a reason; `onSignedIn` is given the secret. */
export function bindSignIn(onSignedIn) {
  const form = byId("sign-in");
  const field = byId("secret");
  const button = byId("sign-in-button");

  async function signIn(event) {
    event.preventDefault();
    const secret = field.value;
    if (secret === "" || button.disabled) return;
    button.disabled = true;
    problem("");
    try {
      await askRooms(secret);
      field.value = "";
      onSignedIn(secret);
    } catch (error) {
      problem(error.message);
      field.select();
    } finally {
      button.disabled = false;
    }
  }

  function problem(words) {
    write(byId("sign-in-problem"), words);
    field.setAttribute("aria-invalid", String(words !== ""));
  }

  form.addEventListener("submit", signIn);
  return (words) => {
    write(byId("sign-in-problem"), words);
    field.focus({ preventScroll: true });
  };
}
