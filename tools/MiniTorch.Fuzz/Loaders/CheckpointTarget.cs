using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>A run that takes over checkpoints, and checkpoints that are nearly its own.</summary>
internal sealed class CheckpointTarget
{
    private readonly Checkpoint _run;
    private readonly byte[] _sound;

    public CheckpointTarget()
    {
        var model = new Linear(4, 3);
        var optimizer = new SGD(model.Parameters(), lr: 0.1, momentum: 0.9);
        model.Call(Tensor.Ones([2, 4])).Sum().Backward();
        optimizer.Step();
        _run = new Checkpoint { ["model"] = model, ["optimizer"] = optimizer, ["step"] = 7, ["note"] = "text", ["best"] = 0.5, ["done"] = false };
        _sound = Written();
    }

    /// <summary>The run's own checkpoint with some names, texts, shapes, dtypes or values changed.</summary>
    public byte[] Draw(Random random)
    {
        (OrderedDictionary<string, Tensor> tensors, OrderedDictionary<string, string> metadata) = Safetensors.Read(Reader(_sound));
        for (int changes = random.Next(4); changes > 0; changes--)
        {
            string name = random.Pick<string>([.. tensors.Keys]), key = random.Pick<string>([.. metadata.Keys]);
            switch (random.Next(8))
            {
                case 0: tensors.Remove(name); break;
                case 1: tensors[random.Pick("model.extra", "model", "optimizer", ".", "step", "default_generator.state.x")] = Tensor.Ones([2]); break;
                case 2: tensors[name] = tensors[name].Flatten(); break;
                case 3: tensors[name] = tensors[name].To(random.Pick(DType.Float64, DType.Int64, DType.Float32)); break;
                case 4: tensors[name] = tensors[name] * random.Pick<double>(-1, 1e30, double.NaN, 0.5); break;
                case 5: tensors[name] = tensors[name].Flatten().Slice(0, random.Next(3)); break;
                case 6: metadata.Remove(key); break;
                default:
                    metadata[key] = random.Pick("state", "tensor", "integer:" + random.HostileNumber(), "real:" + random.HostileNumber(),
                    "truth:yes", "text:", ""); break;
            }
            if (tensors.Count == 0 || metadata.Count == 0) break;
        }
        using var stream = new MemoryStream();
        Safetensors.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    /// <summary>Loads a checkpoint.</summary>
    public Action Read(byte[] file)
    {
        _run.Read(Reader(file));
        return () => { };
    }

    /// <summary>Remembers the run; the result checks that it is still the same.</summary>
    public Action Watch()
    {
        byte[] before = Written();
        return () =>
        {
            if (!Written().AsSpan().SequenceEqual(before)) throw new InvalidOperationException("a checkpoint was refused and yet changed the run");
        };
    }

    private static FileReader Reader(byte[] file) => new(new MemoryStream(file), "fuzz", file.Length);

    private byte[] Written()
    {
        using var stream = new MemoryStream();
        _run.Write(stream);
        return stream.ToArray();
    }
}
