/** Reaches the other tabs of this browser in which the same repository is open; not the one that posts. */
export function openTabChannel(
  repositoryId: string,
  onMessage: (data: unknown) => void,
): { post(message: unknown): void; close(): void } {
  const channel = new BroadcastChannel(`holdall-repository-${repositoryId}`);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => onMessage(data);
  return {
    post: (message) => channel.postMessage(message),
    close: () => {
      channel.onmessage = null;
      channel.close();
    },
  };
}
