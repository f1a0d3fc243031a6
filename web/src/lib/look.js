// How a policy looks, everywhere: colour, dash and marker by its letter.
export const COLOUR = { A: "#0072B2", B: "#D55E00", C: "#009E73", D: "#CC79A7" };
export const TEXT = { A: "#0072B2", B: "#B84A00", C: "#00735C", D: "#9C4A7A" };
export const DASH = { A: "solid", B: [9, 5], C: [3, 4], D: [12, 4, 3, 4] };
export const MARK = { A: "circle", B: "rect", C: "triangle", D: "diamond" };
export const DEPTH = ["#f3efe2", "#d9e0dc", "#bcced6", "#9cb9cf", "#7aa2c4", "#578ab6", "#3a70a2", "#20518a", "#0a3166"];
export const INK = "#1b2733";
export const MUTED = "#4a5560";
export const LINE = "#e1e6eb";

export const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
