using System.Reflection;

namespace MiniTorch.Nn;

public abstract partial class Module
{
    private ModuleDict<Parametrization>? _parametrizations;
    private List<(string Name, Parameter Target, Parametrization Rule)> _parametrized = [];
    private HashSet<FieldInfo>? _appliedAttributes;
    private bool _attributesAreApplied;
    private Stack<List<Action>>? _standing; // for each running call: makes the parameters themselves again

    /// <summary>The rules by parameter, a child of this module; null if there are none.</summary>
    internal ModuleDict<Parametrization>? Parametrizations => _parametrizations;

    /// <summary>Returns whether a rule computes this parameter.</summary>
    internal bool IsParametrized(Parameter parameter) => _parametrized.Any(entry => ReferenceEquals(entry.Target, parameter));

    internal (string Name, Parameter Target, Parametrization Rule) Parametrized(string name)
    {
        ApplyParametrizationAttributes();
        return _parametrized.FirstOrDefault(entry => entry.Name == name) is { Rule: not null } found ? found
            : throw new ValueException($"{TypeName}: the parameter '{name}' is not parametrised"
                + (_parametrized.Count > 0 ? $"; {string.Join(", ", _parametrized.Select(entry => entry.Name))} is" : ""));
    }

    internal void AttachRule(string name, Func<Parameter, Parametrization> create)
    {
        ModuleMembers members = ModuleMembers.Of(this);
        if (_parametrized.Any(entry => entry.Name == name))
            throw new ValueException($"{TypeName}: the parameter '{name}' is parametrised already; Parametrize.Remove ends that");
        if (members.Parameters.FirstOrDefault(entry => entry.Name == name).Value is not { } target)
            throw new ValueException($"{TypeName}: there is no parameter '{name}' to parametrise; there are "
                + string.Join(", ", members.Parameters.Select(entry => entry.Name)));
        Attach(name, target, create);
    }

    internal void EndParametrization(string name)
    {
        var ended = Parametrized(name);
        using (Autograd.NoGrad()) ended.Target.Replace(ended.Rule.Compute().Clone());
        ended.Target.RequiresGrad = true;
        _parametrized.Remove(ended);
        var rest = new ModuleDict<Parametrization>();
        foreach ((string other, _, Parametrization rule) in _parametrized) rest.Add(other, rule);
        _parametrizations = _parametrized.Count > 0 ? rest : null;
    }

    /// <summary>Attaches the rules of <see cref="ParametrizationAttribute"/>, once for each field, when it has a value.</summary>
    internal void ApplyParametrizationAttributes()
    {
        if (_attributesAreApplied) return;
        _attributesAreApplied = true; // attaching a rule lists the members
        foreach ((FieldInfo field, string name, ParametrizationAttribute attribute) in ModuleMembers.ParametrizedFields(this))
        {
            if (_appliedAttributes?.Contains(field) == true) continue;
            switch (field.GetValue(this))
            {
                case null:
                    _attributesAreApplied = false; // a constructor that is still running may set it
                    continue;
                case Parameter parameter:
                    Attach(name, parameter, target => attribute.Create(this, target));
                    break;
                case Module child:
                    child.AttachRule(attribute.Parameter, target => attribute.Create(child, target));
                    break;
                case var other:
                    throw new ValueException($"{TypeName}: the field {field.Name} has a {attribute.GetType().Name}, which needs a Parameter or a "
                        + "Module, "
                        + $"but holds a {other.GetType().Name}");
            }
            (_appliedAttributes ??= []).Add(field);
        }
    }

    /// <summary>Gives a copy of this module its own rules.</summary>
    internal void CopyParametrizations(Func<object?, object?> copyOf)
    {
        _parametrizations = (ModuleDict<Parametrization>?)copyOf(_parametrizations);
        _parametrized = [.. _parametrized.Select(entry => (entry.Name, (Parameter)copyOf(entry.Target)!, (Parametrization)copyOf(entry.Rule)!))];
        _appliedAttributes = _appliedAttributes is null ? null : [.. _appliedAttributes];
        _standing = null;
    }

    private void Attach(string name, Parameter target, Func<Parameter, Parametrization> create)
    {
        Parametrization rule = create(target) ?? throw new ValueException($"{TypeName}: the function that parametrises '{name}' returned null");
        using (Autograd.NoGrad())
        {
            Tensor value = rule.Compute();
            if (value.Shape != target.Shape)
                throw new ShapeException($"{TypeName}: the parametrisation of '{name}' computes shape {value.Shape}, and the parameter has "
                    + $"{target.Shape}");
            if (value.DType != target.DType)
                throw new DTypeException($"{TypeName}: the parametrisation of '{name}' computes {value.DType}, and the parameter is {target.DType}");
            rule.RequireGrad(target.RequiresGrad);
            (_parametrizations ??= []).Add(name, rule);
            _parametrized.Add((name, target, rule));
            target.RequiresGrad = false;
            target.Replace(value.Clone());
        }
    }

    /// <summary>Makes the parametrised parameters stand for their computed values until <see cref="StepDown"/>.</summary>
    private void StandIn()
    {
        if (!_attributesAreApplied) ApplyParametrizationAttributes();
        if (_parametrized.Count == 0) return;
        Monitor.Enter(_parametrized);
        var standing = new List<Action>();
        (_standing ??= new()).Push(standing);
        foreach ((_, Parameter target, Parametrization rule) in _parametrized)
        {
            Tensor? outer = target.Computed, value = rule.Compute();
            Action restore = target.StandFor(value, keepsValues: true);
            target.Computed = value;
            standing.Add(() =>
            {
                restore();
                target.Computed = outer;
            });
        }
    }

    private void StepDown()
    {
        if (_standing is not { Count: > 0 } || !Monitor.IsEntered(_parametrized)) return;
        foreach (Action restore in _standing.Pop()) restore();
        Monitor.Exit(_parametrized);
    }
}
