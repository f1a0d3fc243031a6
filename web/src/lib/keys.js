// In presenter mode single keys do what a presenter does most; never while something is being typed or a dialog is open.
const typing = (target) => target.matches?.("input:not([type=range]), select, textarea") || target.closest?.("dialog");

export function keys(doing) {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const onSlider = event.target.matches?.("input[type=range]");
    const onButton = event.target.matches?.("button, a, [role=tab], summary");
    const does = doing(event.key, { onSlider, onButton });
    if (does) {
      event.preventDefault();
      does();
    }
  };
}
