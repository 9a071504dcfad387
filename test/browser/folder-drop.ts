/** What the place says onto which a folder is to be dropped. */
export const dropPlaceText = "a folder goes here";

/**
 * Runs in the page. Makes a place in its corner for the drop of one folder, which the folder picker then hands out as if
 * somebody had picked it: the folder is real, only the dialog is replaced.
 */
export function awaitFolderDrop(text: string): { dropped: Promise<FileSystemHandle | null | undefined> } {
  const surface = document.createElement("div");
  surface.style.cssText =
    "position:fixed;inset:0 auto auto 0;width:20px;height:20px;overflow:hidden;z-index:2147483647";
  surface.textContent = text;
  const dropped = new Promise<FileSystemHandle | null | undefined>((resolve, reject) => {
    setTimeout(() => reject(new Error("the dropped folder did not arrive")), 20_000);
    surface.ondragenter = (event) => event.preventDefault();
    surface.ondragover = (event) => {
      event.preventDefault();
      event.stopPropagation();
    };
    surface.ondrop = (event) => {
      event.preventDefault();
      event.stopPropagation();
      const item = event.dataTransfer?.items[0];
      surface.remove();
      resolve(item?.getAsFileSystemHandle?.());
    };
  });
  document.body.append(surface);
  Reflect.set(window, "showDirectoryPicker", () => dropped);
  return { dropped };
}
