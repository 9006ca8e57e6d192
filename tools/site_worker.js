// The site's search runs in a worker, and a browser starts none for a page that was opened as a file. There this runs the
// worker's script in a hidden frame of the page instead. tools/site.py puts it in the place of a script that the theme
// would fetch from another server.
if (location.protocol === "file:") {
  window.Worker = class {
    onmessage = null;
    onerror = null;
    onmessageerror = null;

    constructor(url) {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      // An empty frame has the origin of its page; some browsers make its document only with this event.
      this.started = new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true })).then(() =>
        this.run(new URL(url, location.href)),
      );
      this.started.catch((error) => this.onerror?.(new ErrorEvent("error", { message: String(error), cancelable: true })));
      document.body.append(this.frame);
    }

    run(url) {
      const inner = this.frame.contentWindow;
      inner.postMessage = (data) => setTimeout(() => this.onmessage?.(new MessageEvent("message", { data: structuredClone(data) })));
      const script = inner.document.createElement("script");
      script.src = url;
      const loaded = new Promise((resolve, reject) => {
        script.addEventListener("load", resolve);
        script.addEventListener("error", () => reject(new Error(`${url} cannot be read`)));
      });
      inner.document.body.append(script);
      return loaded;
    }

    postMessage(data) {
      this.started.then(
        () => this.frame.contentWindow?.onmessage?.(new MessageEvent("message", { data: structuredClone(data) })),
        () => {},
      );
    }

    terminate() {
      this.frame.remove();
    }
  };
}
