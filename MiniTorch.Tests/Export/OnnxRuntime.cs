using System.Text.Json;
using MiniTorch.Tests.IO;

namespace MiniTorch.Tests.Export;

/// <summary>ONNX Runtime as its npm package, fetched once beside these tests where npm is there.</summary>
internal static class OnnxRuntime
{
    private const string Package = "onnxruntime-node@1.30.0";

    // One process runs all models: {name, path, inputs: [{name, type, dims, data}]} → {name: [{dims, data}] or an error's text}.
    private const string Script = """
        const ort = require('onnxruntime-node');
        const fs = require('fs');
        const types = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array };
        async function main() {
          const results = {};
          for (const job of JSON.parse(fs.readFileSync(process.argv[2]))) {
            try {
              const session = await ort.InferenceSession.create(job.path);
              const feeds = {};
              for (const x of job.inputs) feeds[x.name] = new ort.Tensor(x.type, types[x.type].from(x.data, v => x.type === 'int64' ? BigInt(v) : v), x.dims);
              const outputs = await session.run(feeds);
              results[job.name] = session.outputNames.map(name => ({ dims: outputs[name].dims, data: Array.from(outputs[name].data, Number) }));
            } catch (error) { results[job.name] = String(error); }
          }
          fs.writeFileSync(process.argv[3], JSON.stringify(results));
        }
        main();
        """;

    private static readonly Lazy<(string? Folder, string Problem)> s_installed = new(Install);

    public sealed record Input(string Name, string Type, int[] Dims, double[] Data);

    public sealed record Job(string Name, string Path, Input[] Inputs);

    public sealed record Output(int[] Dims, double[] Data);

    /// <summary>Skips a test, and says why, where the runtime cannot be had.</summary>
    public static void Require()
    {
        if (s_installed.Value.Folder is null) Assert.Ignore($"ONNX Runtime does not run here, only the tests' own interpreter: {s_installed.Value.Problem}");
    }

    /// <summary>Runs models; gives what each put out, or what the runtime objected to.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Run(IEnumerable<Job> jobs)
    {
        using var folder = new TemporaryFolder();
        folder.Write("jobs.json", JsonSerializer.SerializeToUtf8Bytes(jobs, JsonSerializerOptions.Web));
        string script = Path.Combine(s_installed.Value.Folder!, "run.js");
        File.WriteAllText(script, Script);
        Command.Run("node", script, folder["jobs.json"], folder["results.json"]);
        return JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllBytes(folder["results.json"]))!;
    }

    private static (string? Folder, string Problem) Install()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "onnxruntime");
        try
        {
            if (!File.Exists(Path.Combine(folder, "complete")))
            {
                // The package's script would fetch kernels for graphics cards; those for the processor are in it.
                Directory.CreateDirectory(folder);
                Command.Run("npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000", Package);
                File.WriteAllText(Path.Combine(folder, "complete"), "");
            }
            return (folder, "");
        }
        catch (InvalidOperationException error)
        {
            return (null, error.Message);
        }
    }
}
