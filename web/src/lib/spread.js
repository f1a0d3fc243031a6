// Labels moved apart: each as near to its own height as it can be, `gap` from the next, between low and high.
export function spread(heights, gap, low, high) {
  const order = heights.map((_, i) => i).sort((i, j) => heights[i] - heights[j]);
  const out = [...heights];
  let groups = order.map((i) => ({ of: [i], middle: heights[i] }));
  const half = (group) => ((group.of.length - 1) * gap) / 2;
  for (let moved = true; moved; ) {
    moved = false;
    for (const group of groups) group.middle = Math.min(Math.max(group.middle, low + half(group)), high - half(group));
    for (let k = 0; k + 1 < groups.length; k += 1) {
      const [one, two] = [groups[k], groups[k + 1]];
      if (two.middle - half(two) - (one.middle + half(one)) < gap - 1e-6) {
        const of = [...one.of, ...two.of];
        const middle = of.reduce((sum, i) => sum + heights[i], 0) / of.length;
        groups = [...groups.slice(0, k), { of, middle }, ...groups.slice(k + 2)];
        moved = true;
        break;
      }
    }
  }
  for (const group of groups) group.of.forEach((i, k) => { out[i] = group.middle - half(group) + k * gap; });
  return out;
}
