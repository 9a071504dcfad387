import type { Browser } from "puppeteer-core";

/** What a Firefox has to be started with for its folder picker to be answered. */
export const folderPickerArguments: readonly string[] = ["--remote-allow-system-access"];
export const folderPickerPreferences: Readonly<Record<string, unknown>> = {
  "remote.bidi.dismiss_file_pickers.enabled": false,
  // Its question about uploading a folder is answered by a click, for which it makes people wait.
  "security.dialog_enable_delay": 0,
  // A folder for temporary files is fine here.
  "dom.filesystem.pathcheck.disabled": true,
};

/**
 * The dialogs of a headless Firefox, which nobody sees and no driver reaches. What the page gets from them is real: Firefox
 * lists the folder and makes its files.
 */
export class FirefoxFolderPicker {
  private constructor(
    private readonly session: Session,
    /** The browser's own window, not a page. */
    private readonly window: string,
  ) {}

  static async of(browser: Browser): Promise<FirefoxFolderPicker> {
    const session = "connection" in browser ? browser.connection : null;
    if (!isSession(session)) throw new Error("no WebDriver BiDi session");
    const { result } = await session.send("browsingContext.getTree", { "moz:scope": "chrome" });
    const window = valueAt(result, "contexts", "0", "context");
    if (typeof window !== "string") throw new Error("Firefox shows no window of its own");
    return new FirefoxFolderPicker(session, window);
  }

  /** Folder pickers give this folder of the disk from now on. */
  async answerWith(folder: string): Promise<void> {
    await this.evaluate(`(${answerPickers})(${JSON.stringify(folder)})`);
  }

  /** Says yes when Firefox asks whether all files of the folder are meant; waits for the question. */
  async confirmUpload(): Promise<void> {
    await this.evaluate(`(${confirmUpload})()`);
  }

  private async evaluate(expression: string): Promise<void> {
    const target = { context: this.window };
    const { result } = await this.session.send("script.evaluate", { expression, target, awaitPromise: true });
    if (valueAt(result, "type") === "success") return;
    throw new Error(`in Firefox: ${String(valueAt(result, "exceptionDetails", "text"))}`);
  }
}

/** WebDriver BiDi as it is: puppeteer knows nothing of a browser's own window. */
interface Session {
  send(method: string, params: object): Promise<{ result: unknown }>;
}

function isSession(value: unknown): value is Session {
  return typeof valueAt(value, "send") === "function";
}

function valueAt(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}

/** Text, since it runs in the browser's own window and with names that only Firefox has. */
const answerPickers = `(folder) => {
  const chosen = Components.Constructor("@mozilla.org/file/local;1", Components.interfaces.nsIFile, "initWithPath");
  class Picker {
    QueryInterface = ChromeUtils.generateQI(["nsIFilePicker"]);
    file = new chosen(folder);
    init() {}
    appendFilters() {}
    appendFilter() {}
    appendRawFilter() {}
    isModeSupported() { return Promise.resolve(true); }
    open(callback) { Services.tm.dispatchToMainThread(() => callback.done(0)); }
  }
  for (const text of ["defaultString", "defaultExtension", "displaySpecialDirectory", "okButtonLabel"]) Picker.prototype[text] = "";
  Object.assign(Picker.prototype, { displayDirectory: null, filterIndex: 0, addToRecentDocs: false, capture: 0 });
  const factory = {
    QueryInterface: ChromeUtils.generateQI(["nsIFactory"]),
    createInstance: (interface_) => new Picker().QueryInterface(interface_),
  };
  const registrar = Components.manager.QueryInterface(Components.interfaces.nsIComponentRegistrar);
  registrar.registerFactory(Services.uuid.generateUUID(), "folder picker", "@mozilla.org/filepicker;1", factory);
}`;

const confirmUpload = `async () => {
  const box = gBrowser.getTabDialogBox(gBrowser.selectedBrowser);
  const managers = [box.getTabDialogManager(), box.getContentDialogManager()];
  for (let i = 0; i < 400; i++) {
    for (const dialog of managers.flatMap((manager) => [...manager._dialogs])) {
      await dialog._dialogReady;
      const button = dialog._frame?.contentDocument?.querySelector("dialog")?.getButton("accept");
      if (button && !button.disabled) return void button.click();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no question about the folder");
}`;
