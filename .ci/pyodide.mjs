// Runs a Python script of the checkout on Pyodide, CPython as WebAssembly: node pyodide.mjs PYODIDE CHECKOUT SCRIPT
//
// PYODIDE is the folder of the npm package, whose version decides which Python it is; SCRIPT is relative to CHECKOUT.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, checkout, script] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: resolve(folder) });
python.FS.mkdir("/checkout");
python.FS.mount(python.FS.filesystems.NODEFS, { root: resolve(checkout) }, "/checkout");
python.runPython(`
import runpy, sys
sys.dont_write_bytecode = True  # the checkout is not ours to write to
runpy.run_path("/checkout/${script}", run_name="__main__")
`);
