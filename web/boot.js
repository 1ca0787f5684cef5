// Sets the theme before the first paint, then starts the program that the page's `#program` element
// names, or says in one sentence why it cannot. A classic script, so that even a host which forbids
// module scripts gets the sentence.
(() => {
  "use strict";

  const root = document.documentElement;
  const program = document.getElementById("program");
  const scriptUrl = new URL(program.getAttribute("href"), document.baseURI);
  const wasmUrl = new URL(program.dataset.wasm, document.baseURI);
  const wasmName = wasmUrl.pathname.split("/").pop();

  /** The theme that the address asks for, or else the one this person chose before. */
  function wantedTheme() {
    const asked = new URLSearchParams(location.search).get("theme");
    if (asked !== null) {
      return asked;
    }
    try {
      return localStorage.getItem("brokerscope.theme");
    } catch {
      return null; // A sandboxed frame has no storage.
    }
  }

  const theme = wantedTheme();
  if (theme === "light" || theme === "dark") {
    root.dataset.theme = theme;
    document.querySelector('meta[name="color-scheme"]').content = theme;
  }

  /** Why the program cannot even be asked for, or null. */
  function missing() {
    if (location.protocol === "file:") {
      return "Brokerscope has to come from a web server, not from a file; “cargo xtask serve” starts one.";
    }
    if (typeof WebAssembly !== "object") {
      return "Brokerscope cannot start because WebAssembly is switched off or missing in this browser.";
    }
    return null;
  }

  async function fetchProgram() {
    let response;
    try {
      response = await fetch(wasmUrl);
    } catch {
      throw new Error(
        `Brokerscope cannot start because ${wasmName} could not be fetched: ` +
          "the connection failed, or the server does not allow it in this frame.",
      );
    }
    if (!response.ok) {
      throw new Error(
        `Brokerscope cannot start because the server answered ${response.status} for ${wasmName}.`,
      );
    }
    return response;
  }

  async function importScript() {
    try {
      return await import(scriptUrl.href);
    } catch (error) {
      throw new Error(
        `Brokerscope cannot start because its script could not be loaded (${error.message}).`,
      );
    }
  }

  const parsed = new Promise((resolve) => {
    document.addEventListener("DOMContentLoaded", resolve, { once: true });
  });

  async function start() {
    const reason = missing();
    if (reason !== null) {
      throw new Error(reason);
    }
    const [response, script] = await Promise.all([fetchProgram(), importScript(), parsed]);
    try {
      await script.default({ module_or_path: response });
    } catch (error) {
      const forbidden = error instanceof WebAssembly.CompileError && /policy|unsafe-eval/i.test(error.message);
      throw new Error(
        forbidden
          ? "Brokerscope cannot start because the Content-Security-Policy lacks 'wasm-unsafe-eval'."
          : `Brokerscope cannot start because ${wasmName} did not run (${error.message}).`,
      );
    }
  }

  start().catch(async (error) => {
    await parsed;
    // Once the program has drawn its page it reports its own end.
    const sentence = document.getElementById("boot");
    if (sentence !== null) {
      sentence.setAttribute("role", "alert");
      sentence.textContent = error.message;
    }
  });
})();
