/** A click on a notice that this worker has shown (platform/notifier.ts) brings the page back. */
export function serveNotices(scope: ServiceWorkerGlobalScope): void {
  scope.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(focusPage(scope));
  });
}

async function focusPage({ clients }: ServiceWorkerGlobalScope): Promise<void> {
  const [page] = await clients.matchAll({ type: "window", includeUncontrolled: true });
  await page?.focus();
}
