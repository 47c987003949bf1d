// files.js - the SHA-256 of a file that is chosen here. It stays in the browser.

export const FILE_MAX = 2 ** 30; // a browser reads it whole

export async function hashOf(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
}
