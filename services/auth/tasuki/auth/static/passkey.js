/* Asks the browser for a passkey and puts the answer into the form next to it. */
"use strict";
(() => {
  const button = document.getElementById("passkey");
  const shown = document.getElementById("passkey-block");
  const K = window.PublicKeyCredential;
  if (!button || !shown || !K || !K.parseRequestOptionsFromJSON) return;
  shown.hidden = false;
  const form = button.form;
  button.addEventListener("click", async () => {
    const fault = document.getElementById("passkey-fault");
    fault.hidden = true;
    for (const id of ["purpose", "label"]) {
      const field = document.getElementById(id);
      if (field && !field.reportValidity()) return;
    }
    const options = JSON.parse(button.dataset.options);
    try {
      const answer = button.dataset.what === "create"
        ? await navigator.credentials.create({ publicKey: K.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: K.parseRequestOptionsFromJSON(options) });
      document.getElementById("passkey-answer").value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      fault.hidden = false;
      fault.focus();
    }
  });
})();
