namespace MiniTorch.IO;

/// <summary>
/// Saves everything that a training run needs to continue, bit for bit, in one safetensors file.
/// </summary>
/// <remarks>
/// A part is an <see cref="IStateful"/> (module, optimiser, scheduler, loader), a <see cref="Generator"/>, or a value: a tensor, a number, a string
/// or a bool. <see cref="TryLoad"/> replaces values; read them with <see cref="Get{T}"/>. The state of <see cref="Generator.Default"/>, from which
/// dropout draws, is always included. In the file the tensors of part P are called P.NAME, so that other tools find the weights; values and the kinds
/// of parts are in its metadata.
/// </remarks>
/// <example><code>
/// var checkpoint = new Checkpoint { ["model"] = model, ["optimizer"] = optimizer, ["loader"] = loader, ["epoch"] = 0 };
/// checkpoint.TryLoad("run.ckpt"); // false at the first start
/// for (int epoch = checkpoint.Get&lt;int&gt;("epoch"); epoch &lt; 10; epoch++)
/// {
///     // … train for one epoch …
///     checkpoint["epoch"] = epoch + 1;
///     checkpoint.Save("run.ckpt");
/// }
/// </code></example>
public sealed class Checkpoint
{
    private const string FormatKey = "format", Format = "MiniTorch checkpoint 1", PartPrefix = "part.", State = "state", TensorValue = "tensor",
        DefaultGenerator = "default_generator";

    private readonly OrderedDictionary<string, object> _parts = new() { [DefaultGenerator] = new GeneratorState(Generator.Default) };

    /// <summary>Gets or sets a part by its name.</summary>
    /// <exception cref="ValueException">Read: there is no such part. Set: the name is empty, reserved or has a dot, or the part has a type that
    /// a checkpoint cannot hold.</exception>
    public object this[string name]
    {
        get => _parts.TryGetValue(name, out object? part) ? part is GeneratorState state ? state.Generator : part
            : throw new ValueException($"Checkpoint: there is no part '{name}'; the parts are {string.Join(", ", _parts.Keys)}");
        set
        {
            ArgumentNullException.ThrowIfNull(name);
            if (name.Length == 0 || name.Contains('.'))
                throw new ValueException($"Checkpoint: '{name}' cannot name a part: it must not be empty or contain a dot");
            if (name is DefaultGenerator or SafetensorsHeader.MetadataName) throw new ValueException($"Checkpoint: the name '{name}' is reserved");
            _parts[name] = value switch
            {
                null => throw new ValueException($"Checkpoint: '{name}' is null"),
                Generator generator => new GeneratorState(generator),
                IStateful or Tensor => value,
                _ when CheckpointValue.CanHold(value) => value,
                _ => throw new ValueException($"Checkpoint: '{name}' is a {value.GetType().Name}; a part is an IStateful (module, optimiser, "
                    + "scheduler, loader), a Generator, a Tensor, a number, a string or a bool"),
            };
        }
    }

    /// <summary>Returns a value: the one that was set, or its replacement from a loaded file.</summary>
    /// <exception cref="ValueException">There is no such part, or it is of another type.</exception>
    public T Get<T>(string name) =>
        this[name] is T value ? value : throw new ValueException($"Checkpoint: '{name}' is a {this[name].GetType().Name}, not a {typeof(T).Name}");

    /// <summary>
    /// Writes the current state of all parts. The file is replaced atomically: until everything is on the disk, <paramref name="path"/> keeps its old
    /// content, even if the process is killed. If the path is a link, its target is replaced.
    /// </summary>
    /// <exception cref="IOException">
    /// The path is a folder, device, pipe or socket, its folder does not exist, or the disk is full; the file is unchanged.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write to the file or its folder; the file is unchanged.</exception>
    public void Save(string path) => AtomicFile.Write(path, Write);

    /// <summary>Loads the file that <see cref="Save(string)"/> wrote for a checkpoint with the same parts, or only some of its parts.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parts">The names of the parts to load; the file and this checkpoint may hold others, and the state of <see
    /// cref="Generator.Default"/> is left alone. By default all parts are loaded, and the file must have the same ones.</param>
    /// <returns>False if there is no such file; nothing is changed then.</returns>
    /// <exception cref="FileFormatException">The file is not a checkpoint, or is truncated, damaged or malicious; nothing is changed.</exception>
    /// <exception cref="ValueException">Parts are missing, unexpected or do not fit. The message lists all of them, and nothing is
    /// changed.</exception>
    /// <example><code>
    /// var weights = new Checkpoint { ["model"] = model };
    /// weights.TryLoad("run.ckpt", ["model"]); // without the run's optimiser and loader
    /// </code></example>
    public bool TryLoad(string path, IReadOnlyCollection<string>? parts = null)
    {
        foreach (string name in parts ?? []) _ = this[name];
        try
        {
            FileReader.Open(path, file =>
            {
                Read(file, parts);
                return true;
            });
            return true;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Writes the current state of all parts to a stream, which stays open and need not be able to seek.</summary>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Write(stream);
    }

    /// <summary>Loads what <see cref="Save(Stream)"/> wrote for a checkpoint with the same parts, or only some of its parts.</summary>
    /// <param name="stream">The stream; it is read from its position to its end and stays open. It need not be able to seek.</param>
    /// <param name="parts">The names of the parts to load; see <see cref="TryLoad"/>.</param>
    /// <exception cref="FileFormatException">The content is not a checkpoint, or is truncated, damaged or malicious; nothing is changed.</exception>
    /// <exception cref="ValueException">The stream cannot be read, or parts are missing, unexpected or do not fit. The message lists all of them, and
    /// nothing is changed.</exception>
    public void Load(Stream stream, IReadOnlyCollection<string>? parts = null)
    {
        foreach (string name in parts ?? []) _ = this[name];
        FileReader.Open(stream, file =>
        {
            Read(file, parts);
            return true;
        });
    }

    internal void Write(Stream stream)
    {
        var tensors = new OrderedDictionary<string, Tensor>();
        var metadata = new OrderedDictionary<string, string> { [FormatKey] = Format };
        foreach ((string name, object part) in _parts)
        {
            metadata[PartPrefix + name] = part is IStateful ? State : part is Tensor ? TensorValue : CheckpointValue.Format(part);
            if (part is Tensor value) tensors[name] = value;
            else if (part is IStateful stateful)
                foreach ((string key, Tensor tensor) in stateful.StateDict()) tensors[$"{name}.{key}"] = tensor;
        }
        Safetensors.Write(stream, tensors, metadata);
    }

    internal void Read(FileReader file, IReadOnlyCollection<string>? only = null)
    {
        (OrderedDictionary<string, Tensor> tensors, OrderedDictionary<string, string> metadata) = Safetensors.Read(file);
        if (!metadata.TryGetValue(FormatKey, out string? format) || format != Format)
            throw file.Error($"this is not a checkpoint: its metadata does not contain '{FormatKey}': '{Format}'. Safetensors.Load reads plain "
                + "tensors");
        ILookup<string, KeyValuePair<string, Tensor>> byPart = tensors.ToLookup(entry => entry.Key.Split('.', 2)[0]);
        var problems = new List<string>();
        foreach (string name in metadata.Keys.Where(key => key.StartsWith(PartPrefix, StringComparison.Ordinal))
            .Select(key => key[PartPrefix.Length..]))
            if (only is null && !_parts.ContainsKey(name)) problems.Add($"unexpected {name}");

        var values = new List<(string Name, object Value)>();
        var undo = new Stack<(IStateful Part, OrderedDictionary<string, Tensor> State)>();
        try
        {
            foreach ((string name, object part) in _parts)
            {
                if (only is not null && !only.Contains(name)) continue;
                if (!metadata.TryGetValue(PartPrefix + name, out string? stored)) problems.Add($"missing {name}");
                else if (part is IStateful stateful && stored == State)
                {
                    var before = new OrderedDictionary<string, Tensor>(stateful.StateDict()
                        .Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Clone())));
                    undo.Push((stateful, before));
                    if (Refusal(stateful, byPart[name], name) is { } refusal)
                    {
                        problems.Add(refusal);
                        undo.Pop(); // it did not change anything
                    }
                }
                else if (part is Tensor && stored == TensorValue && tensors.TryGetValue(name, out Tensor? tensor)) values.Add((name, tensor));
                else if (part is not (IStateful or Tensor) && CheckpointValue.Parse(stored, part.GetType()) is { } value) values.Add((name, value));
                else problems.Add($"{name} is '{stored}' in the file, which does not fit {part.GetType().Name}");
            }
            if (problems.Count > 0)
                throw new ValueException($"Checkpoint: {file.Name} does not fit, and nothing was changed:\n  {string.Join("\n  ", problems)}");
        }
        catch
        {
            while (undo.TryPop(out (IStateful Part, OrderedDictionary<string, Tensor> State) taken)) Undo(taken.Part, taken.State);
            throw;
        }
        foreach ((string name, object value) in values) _parts[name] = value;
    }

    // A part that failed with an unexpected exception may fail again; the other parts are still undone, and the first exception is thrown.
    private static void Undo(IStateful part, OrderedDictionary<string, Tensor> state)
    {
        try
        {
            part.LoadStateDict(state);
        }
        catch (Exception)
        {
        }
    }

    // Returns why a part does not accept its tensors of the file; null if it does.
    private static string? Refusal(IStateful part, IEnumerable<KeyValuePair<string, Tensor>> entries, string name)
    {
        try
        {
            part.LoadStateDict(entries.ToDictionary(entry => entry.Key[Math.Min(name.Length + 1, entry.Key.Length)..], entry => entry.Value));
            return null;
        }
        catch (MiniTorchException error)
        {
            return $"{name}: {error.Message.ReplaceLineEndings("\n  ")}";
        }
    }
}
