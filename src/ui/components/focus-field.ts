/** Puts the cursor where the user has to act: into the field that was refused, its text selected, else the first empty one. */
export function focusField(form: HTMLElement | undefined): void {
  const fields = [...(form?.querySelectorAll("input") ?? [])].filter(({ type }) => type !== "radio");
  const refused = fields.find((field) => field.getAttribute("aria-invalid") === "true");
  const field = refused ?? fields.find(({ value }) => value === "") ?? fields[0];
  field?.focus();
  if (refused !== undefined) field?.select();
}
