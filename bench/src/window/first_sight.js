// Opens a section of the sidebar (SECTION) and notes in `firstSight` after how many milliseconds what is wanted of it
// (WANTED, a selector) was drawn.
const link = document.querySelector('nav a[href^="#/SECTION"]');
const begun = performance.now();
const observer = new MutationObserver(() => {
  // What is made ready without being seen does not count.
  if (!document.querySelector('WANTED')?.checkVisibility({ visibilityProperty: true })) return;
  observer.disconnect();
  // What comes after the next frame's preparation comes after its drawing.
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      window.firstSight = performance.now() - begun;
    };
    port2.postMessage(null);
  });
});
observer.observe(document.body, { childList: true, subtree: true, attributes: true });
link.click();
