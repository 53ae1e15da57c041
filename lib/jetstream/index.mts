// `import` loads what `require` loads, so that both share one copy of the module's state.

export * from './index.js';
