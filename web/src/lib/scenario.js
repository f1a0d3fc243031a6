// Edits of a scenario: each gives a new one, the old stays for undo. No number is made here but those a person chose.
export const LETTERS = ["A", "B", "C", "D"];

const withPolicy = (scenario, id, change) => ({
  ...scenario, policies: scenario.policies.map((policy) => (policy.id === id ? change(policy) : policy)),
});

export const withPreset = (scenario, id, preset) => withPolicy(scenario, id, (policy) => ({ ...policy, preset, network: null, levers: {} }));

export const withNetwork = (scenario, id, network) => withPolicy(scenario, id, (policy) => ({ ...policy, network, levers: {} }));

export const withLever = (scenario, id, lever, value) =>
  lever.scope === "all"
    ? { ...scenario, [lever.id]: value }
    : withPolicy(scenario, id, (policy) => ({ ...policy, levers: { ...policy.levers, [lever.id]: value } }));

export const withoutLevers = (scenario, id) => withPolicy(scenario, id, (policy) => ({ ...policy, levers: {} }));

export function withParameter(scenario, id, value) {
  const parameters = { ...scenario.parameters };
  if (value === null) delete parameters[id];
  else parameters[id] = value;
  return { ...scenario, parameters };
}

// One policy more: the first of those there are that the scenario has not got yet.
export function withMore(scenario, presets) {
  const preset = presets.find((each) => !scenario.policies.some((policy) => policy.preset === each)) ?? presets[0];
  return { ...scenario, policies: [...scenario.policies, { id: LETTERS[scenario.policies.length], preset, network: null, levers: {} }] };
}

export const withFewer = (scenario) => ({ ...scenario, policies: scenario.policies.slice(0, -1) });

// Where a lever stands: moved by hand, or where the network or the preset puts it.
export function standing(scenario, id, lever, start) {
  if (lever.scope === "all") return scenario[lever.id];
  const policy = scenario.policies.find((each) => each.id === id);
  const network = start.networks.find((each) => each.id === policy.network);
  const preset = start.policies.find((each) => each.id === policy.preset);
  return policy.levers[lever.id] ?? network?.levers[lever.id] ?? preset?.levers?.[lever.id] ?? lever.min;
}

// The word for a value, as the server wrote it (it may write 1 as "1" or "1.0").
export const word = (lever, value) =>
  lever.values?.[String(value)] ?? lever.values?.[Number(value).toFixed(1)] ?? lever.values?.[Number(value).toFixed(2)] ?? String(value);
